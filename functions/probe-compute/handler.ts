import { z } from 'zod';
import { groupsSchema, wantsSchema } from '../common/cluster/operation.ts';
import { pollUntil, systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAITS } from '../common/lambda/wait-budget.ts';
import { sharedPort } from '../common/releases/ports.ts';
import { decideCompute, observeRole } from './probe.ts';

const TIMEOUT_MS = 2_000;
const MANAGEMENT_PORT = sharedPort('management');

export const handler = stepHandler(
  z.object({
    wants: wantsSchema.min(1),
    groups: groupsSchema,
  }),
  ({ wants, groups }) =>
    pollUntil(
      async () =>
        decideCompute(
          await Promise.all(
            groups.flatMap(({ group, addresses }) =>
              addresses.map((address) => observeRole(group, address, { port: MANAGEMENT_PORT, timeoutMs: TIMEOUT_MS })),
            ),
          ),
          wants,
        ),
      { ...WAITS['probe-compute'], clock: systemClock },
    ),
);
