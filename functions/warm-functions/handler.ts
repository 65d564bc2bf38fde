import { LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { warmFunctions } from './warm.ts';

const lambda = new LambdaClient({});

/**
 * Not at once: the containers that start get the machine to themselves. The function waits, because its seconds cost less
 * than a state of the machine that waits for it (list prices: 3 s of 256 MB 0.0000125 USD, a state 0.000025 USD).
 */
export const handler = stepHandler(
  z.object({ functions: z.array(z.string()).min(1), afterSeconds: z.number().min(0).default(0) }),
  async ({ functions, afterSeconds }) => {
    await systemClock.sleep(afterSeconds * 1_000);
    return warmFunctions(lambda, functions);
  },
);
