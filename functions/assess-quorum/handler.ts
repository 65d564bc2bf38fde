import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAIT_INTERVAL_MS } from '../common/lambda/wait-budget.ts';
import { connectMembers } from '../common/quorum/members.ts';
import { memorySchema, quorumTasksSchema } from '../common/quorum/observation.ts';
import { QUORUM_POLICY } from '../common/quorum/policy.ts';
import { assess } from './assess.ts';

const MEMBER_TIMEOUT_MS = 1_000;
/** Short: a task that starts or stops meanwhile is seen only by the next round. */
const BUDGET_MS = 5_000;

const inputSchema = z.object({ cluster: clusterNameSchema, observed: quorumTasksSchema, memory: memorySchema });

export const handler = stepHandler(inputSchema, async ({ cluster, observed, memory }) => {
  const addresses = observed.tasks.flatMap(({ address }) => (address === undefined ? [] : [address]));
  const members = connectMembers(addresses, MEMBER_TIMEOUT_MS);
  try {
    const assessed = await assess(
      members,
      { observed, memory },
      { policy: QUORUM_POLICY, intervalMs: WAIT_INTERVAL_MS, budgetMs: BUDGET_MS, clock: systemClock },
    );
    logger.info(assessed.reason, { event: LOG_EVENTS.quorumAssessed, cluster, action: assessed.action });
    return assessed;
  } finally {
    members.close();
  }
});
