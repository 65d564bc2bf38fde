import { parseTaskGroup } from '../common/cluster/names.ts';
import { groupsSchema, operationSchema } from '../common/cluster/operation.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { reachPoint } from '../common/registry/nap.ts';
import { getOwned } from '../common/registry/registry.ts';
import { sharedPort } from '../common/releases/ports.ts';
import { flushCluster } from './flush.ts';
import { connectFlush } from '../common/milvus/flush-port.ts';

const TIMEOUT_MS = 10_000;
/** Of a function that may take 60 s. */
const BUDGET_MS = 40_000;
/** On two busy cores a flush of rows just inserted took 0.7 s. */
const ASK_AGAIN_MS = 3_000;
const INTERVAL_MS = 100;
const CLIENT_PORT = sharedPort('client');
const registry = connectRegistry();

export const handler = stepHandler(
  operationSchema.extend({
    groups: groupsSchema,
  }),
  async ({ groups, ...operation }) => {
    const proxy = groups.find(({ group }) => {
      const part = parseTaskGroup(group);
      return part?.kind === 'role' && part.role === 'proxy';
    })?.addresses[0];
    if (proxy === undefined) throw new RedkiteError('FlushRefused', 'No proxy has an address.');
    const result = await flushCluster(await connectFlush(`${proxy}:${CLIENT_PORT}`, TIMEOUT_MS), {
      budgetMs: BUDGET_MS,
      askAgainMs: ASK_AGAIN_MS,
      intervalMs: INTERVAL_MS,
      clock: systemClock,
      wakeWanted: async () => (await getOwned(registry, operation, ['falling-asleep'])).wakeWanted !== undefined,
    });
    if (result.outcome !== 'flushed') return result;
    const outcome = await reachPoint(registry, operation, { point: 'flushed' }, true);
    return outcome === 'reached' ? result : { ...result, outcome };
  },
);
