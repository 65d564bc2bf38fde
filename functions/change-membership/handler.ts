import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { connectEtcd } from '../common/etcd/client.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { memberChangeSchema } from '../common/quorum/change.ts';
import { connectMembers, endpointOf } from '../common/quorum/members.ts';
import { changeMembership } from './change.ts';

const MEMBER_TIMEOUT_MS = 1_000;
/** A change waits for a quorum to write it down. */
const CHANGE_TIMEOUT_MS = 5_000;

const inputSchema = z.object({
  cluster: clusterNameSchema,
  addresses: z.array(z.string()).min(1),
  change: memberChangeSchema,
});

export const handler = stepHandler(inputSchema, async ({ cluster, addresses, change }) => {
  const members = connectMembers(addresses, MEMBER_TIMEOUT_MS);
  try {
    const changed = await changeMembership(
      {
        ask: members.ask,
        connect: (address) => connectEtcd([endpointOf(address)], { timeoutMs: CHANGE_TIMEOUT_MS }),
        clock: systemClock,
      },
      change,
    );
    logger.info(changed.reason, { event: LOG_EVENTS.quorumChanged, cluster, change, done: changed.done });
    return changed;
  } finally {
    members.close();
  }
});
