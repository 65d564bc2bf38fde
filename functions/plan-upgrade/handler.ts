import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectMembers } from '../common/quorum/members.ts';
import { quorumTasksSchema } from '../common/quorum/observation.ts';
import { planUpgrade } from './plan.ts';

const MEMBER_TIMEOUT_MS = 2_000;
const image = requiredEnv('ETCD_IMAGE');

export const handler = stepHandler(
  z.object({ cluster: clusterNameSchema, observed: quorumTasksSchema }),
  async ({ cluster, observed }) => {
    const addresses = observed.tasks.flatMap(({ address }) => (address === undefined ? [] : [address]));
    const members = connectMembers(addresses, MEMBER_TIMEOUT_MS);
    try {
      const plan = await planUpgrade(members.ask, observed, image);
      logger.info(plan.reason, { event: LOG_EVENTS.upgradePlanned, cluster, ...plan });
      return plan;
    } finally {
      members.close();
    }
  },
);
