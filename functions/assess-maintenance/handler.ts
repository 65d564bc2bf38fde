import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { connectEtcd } from '../common/etcd/client.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { MAINTENANCE_POLICY } from '../common/maintenance/policy.ts';
import { connectMembers, endpointOf } from '../common/quorum/members.ts';
import { memorySchema, quorumTasksSchema } from '../common/quorum/observation.ts';
import { QUORUM_POLICY } from '../common/quorum/policy.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { assessMaintenance } from './assess.ts';

const MEMBER_TIMEOUT_MS = 2_000;
/** A hash reads everything that a member holds. */
const READ_TIMEOUT_MS = 20_000;
const registry = connectRegistry();

const inputSchema = z.object({
  cluster: clusterNameSchema,
  observed: quorumTasksSchema,
  memory: memorySchema,
  options: z.object({ since: z.number(), thorough: z.boolean(), disarmCorrupt: z.boolean() }),
});

export const handler = stepHandler(inputSchema, async (input) => {
  const addresses = input.observed.tasks.flatMap(({ address }) => (address === undefined ? [] : [address]));
  const members = connectMembers(addresses, MEMBER_TIMEOUT_MS);
  try {
    const assessed = await assessMaintenance(
      {
        registry,
        ask: members.ask,
        connect: (some) => connectEtcd(some.map(endpointOf), { timeoutMs: READ_TIMEOUT_MS }),
        policies: { quorum: QUORUM_POLICY, maintenance: MAINTENANCE_POLICY },
        now: Date.now,
      },
      input,
    );
    logger.info(assessed.reason, {
      event: LOG_EVENTS.maintenanceAssessed,
      cluster: input.cluster,
      action: assessed.action,
    });
    return assessed;
  } finally {
    members.close();
  }
});
