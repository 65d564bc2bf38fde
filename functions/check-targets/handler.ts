import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { z } from 'zod';
import { pollUntil, systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAIT_BUDGET_MS } from '../common/lambda/wait-budget.ts';
import { decideTargets, observeTargets } from './check.ts';

const elb = new ElasticLoadBalancingV2Client({});
/** An AWS API with a rate limit that all clusters share, so it is asked less often than a task is. */
const INTERVAL_MS = 500;

export const handler = stepHandler(z.object({ targetGroups: z.array(z.string()).min(1) }), ({ targetGroups }) =>
  pollUntil(async () => decideTargets(await Promise.all(targetGroups.map((arn) => observeTargets(elb, arn)))), {
    intervalMs: INTERVAL_MS,
    budgetMs: WAIT_BUDGET_MS,
    clock: systemClock,
  }),
);
