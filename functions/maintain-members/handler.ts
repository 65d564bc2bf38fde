import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { connectEtcd } from '../common/etcd/client.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectMembers, endpointOf } from '../common/quorum/members.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { maintainMembers, maintenanceStepSchema } from './maintain.ts';

const MEMBER_TIMEOUT_MS = 2_000;
/** A compaction ends when the space can be used again: it goes through everything that is dropped. */
const STEP_TIMEOUT_MS = 120_000;
const registry = connectRegistry();

const inputSchema = z.object({
  cluster: clusterNameSchema,
  addresses: z.array(z.string()).min(1),
  step: maintenanceStepSchema,
});

export const handler = stepHandler(inputSchema, async ({ cluster, addresses, step }) => {
  const members = connectMembers(addresses, MEMBER_TIMEOUT_MS);
  try {
    const maintained = await maintainMembers(
      {
        registry,
        ask: members.ask,
        connect: (some) => connectEtcd(some.map(endpointOf), { timeoutMs: STEP_TIMEOUT_MS }),
        clock: systemClock,
      },
      cluster,
      addresses,
      step,
    );
    logger.info(maintained.reason, { event: LOG_EVENTS.maintenanceDone, cluster, step, done: maintained.done });
    return maintained;
  } finally {
    members.close();
  }
});
