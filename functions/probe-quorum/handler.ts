import { z } from 'zod';
import { pollUntil, systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAIT_INTERVAL_MS } from '../common/lambda/wait-budget.ts';
import { connectMembers } from '../common/quorum/members.ts';
import { decideQuorum, toObservation } from './probe.ts';

const MEMBER_TIMEOUT_MS = 2_000;
/** Shorter than elsewhere: a member that dies meanwhile is seen only by the look at ECS that follows. */
const BUDGET_MS = 5_000;

export const handler = stepHandler(
  z.object({ groups: z.array(z.object({ addresses: z.array(z.string()) })).min(1) }),
  async ({ groups }) => {
    const members = connectMembers(
      groups.flatMap((group) => group.addresses),
      MEMBER_TIMEOUT_MS,
    );
    try {
      return await pollUntil(async () => decideQuorum((await members.ask()).map(toObservation), groups.length), {
        intervalMs: WAIT_INTERVAL_MS,
        budgetMs: BUDGET_MS,
        clock: systemClock,
      });
    } finally {
      members.close();
    }
  },
);
