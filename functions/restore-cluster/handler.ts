import { apiHandler, idempotencyKeyOf, parseBody } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { FOLLOW_MS, requestKey, startAndFollow } from '../common/http/execution.ts';
import { connectExecutions } from '../common/http/executions-env.ts';
import { clusterInPath } from '../common/http/path.ts';
import { Problem } from '../common/http/problem.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { mayBeRestored } from '../common/quorum/responsible.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { restoreRequestSchema } from './request.ts';

const registry = connectRegistry(API_CLIENT);
const executions = connectExecutions();

export const handler = apiHandler(async (event) => {
  const { archive, time, dryRun, allowMissing } = parseBody(event, restoreRequestSchema);
  const idempotencyKey = idempotencyKeyOf(event);
  const record = await clusterInPath(registry, event);
  const { name: cluster, phase } = record;
  if (!mayBeRestored(record)) {
    throw new Problem(
      'wrong_phase',
      `Cluster ${cluster} is ${phase}; it can be restored while it is awake, or failed after it was.`,
    );
  }
  const kind = dryRun ? 'plan' : 'restore';
  const restore = archive === undefined ? { time } : { archive };
  const request = {
    ...({ cluster, kind } as const),
    key: requestKey({ cluster, kind, restore, allowMissing }, new Date(), idempotencyKey),
    input: { cluster, restore, dryRun, allowMissing },
  };
  return startAndFollow(executions, request, { waitMs: dryRun ? FOLLOW_MS : 0, clock: systemClock });
});
