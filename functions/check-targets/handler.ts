import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { z } from 'zod';
import { pollUntil, systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAITS } from '../common/lambda/wait-budget.ts';
import { decideTargets, observeTargets } from './check.ts';

const elb = new ElasticLoadBalancingV2Client({});

export const handler = stepHandler(z.object({ targetGroups: z.array(z.string()).min(1) }), ({ targetGroups }) =>
  pollUntil(async () => decideTargets(await Promise.all(targetGroups.map((arn) => observeTargets(elb, arn)))), {
    ...WAITS['check-targets'],
    clock: systemClock,
  }),
);
