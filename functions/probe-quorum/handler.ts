import { z } from 'zod';
import { pollUntil, systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAIT_BUDGET_MS, WAIT_INTERVAL_MS } from '../common/lambda/wait-budget.ts';
import { decideQuorum, observeMember } from './probe.ts';

const MEMBER_TIMEOUT_MS = 2_000;

export const handler = stepHandler(
  z.object({ groups: z.array(z.object({ addresses: z.array(z.string()) })).min(1) }),
  ({ groups }) => {
    const addresses = groups.flatMap((group) => group.addresses);
    return pollUntil(
      async () =>
        decideQuorum(
          await Promise.all(addresses.map((address) => observeMember(address, MEMBER_TIMEOUT_MS))),
          groups.length,
        ),
      { intervalMs: WAIT_INTERVAL_MS, budgetMs: WAIT_BUDGET_MS, clock: systemClock },
    );
  },
);
