import { apiHandler, idempotencyKeyOf } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { requestKey, startAndFollow } from '../common/http/execution.ts';
import { connectExecutions } from '../common/http/executions-env.ts';
import { clusterInPath } from '../common/http/path.ts';
import { Problem } from '../common/http/problem.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { connectRegistry } from '../common/registry/connect.ts';

const registry = connectRegistry(API_CLIENT);
const executions = connectExecutions();

export const handler = apiHandler(async (event) => {
  const key = idempotencyKeyOf(event);
  const { name: cluster, phase } = await clusterInPath(registry, event);
  if (phase !== 'awake') {
    throw new Problem('wrong_phase', `Cluster ${cluster} is ${phase}; its metadata can be archived while it is awake.`);
  }
  const request = {
    cluster,
    kind: 'archive' as const,
    key: requestKey({ cluster, kind: 'archive' }, new Date(), key),
    input: { cluster, reason: 'asked for by the API', flush: true },
  };
  // Milvus flushes first, which may take a minute: the answer is where to look.
  return startAndFollow(executions, request, { waitMs: 0, clock: systemClock });
});
