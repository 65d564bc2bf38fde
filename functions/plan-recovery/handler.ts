import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { connectEtcd } from '../common/etcd/client.ts';
import { archiveStores, objectStores } from '../common/keeping/connect.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { endpointOf } from '../common/quorum/members.ts';
import { quorumTasksSchema } from '../common/quorum/observation.ts';
import { restoreChoiceSchema } from '../common/recovery/choice.ts';
import { planRecovery } from './plan.ts';
import { planRestore } from './plan-restore.ts';

const TIMEOUT_MS = 5_000;
const stores = archiveStores();
const objects = objectStores();
const connect = (endpoint: string) => connectEtcd([endpoint], { timeoutMs: TIMEOUT_MS });

const inputSchema = z.object({
  cluster: clusterNameSchema,
  observed: quorumTasksSchema,
  /** What people chose; without it the newest state there is. */
  restore: restoreChoiceSchema.optional(),
  allowMissing: z.boolean().default(false),
  /** host:port of members that answered and could not be read: of no use, whatever they say. */
  unreadable: z.array(z.string()).default([]),
});

export const handler = stepHandler(inputSchema, async ({ cluster, observed, restore, allowMissing, unreadable }) => {
  const endpoints = observed.tasks
    .flatMap(({ address }) => (address === undefined ? [] : [endpointOf(address)]))
    .filter((endpoint) => !unreadable.includes(endpoint));
  const deps = { store: stores(cluster), objects: objects(cluster), connect };
  const now = new Date();
  const plan =
    restore === undefined
      ? await planRecovery(deps, cluster, endpoints, now)
      : await planRestore(
          deps,
          { cluster, choice: restore, allowMissing, endpoints, members: observed.peerUrls.length },
          now,
        );
  logger.info(plan.reason, { event: LOG_EVENTS.recoveryPlanned, cluster, plan });
  return plan;
});
