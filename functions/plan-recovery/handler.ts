import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { connectEtcd } from '../common/etcd/client.ts';
import { archiveStores } from '../common/keeping/connect.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { endpointOf } from '../common/quorum/members.ts';
import { quorumTasksSchema } from '../common/quorum/observation.ts';
import { planRecovery } from './plan.ts';

const TIMEOUT_MS = 5_000;
const stores = archiveStores();

export const handler = stepHandler(
  z.object({ cluster: clusterNameSchema, observed: quorumTasksSchema }),
  async ({ cluster, observed }) => {
    const endpoints = observed.tasks.flatMap(({ address }) => (address === undefined ? [] : [endpointOf(address)]));
    const plan = await planRecovery(
      { store: stores(cluster), connect: (endpoint) => connectEtcd([endpoint], { timeoutMs: TIMEOUT_MS }) },
      cluster,
      endpoints,
      new Date(),
    );
    logger.info(plan.reason, { event: LOG_EVENTS.recoveryPlanned, cluster, plan });
    return plan;
  },
);
