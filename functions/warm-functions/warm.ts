/**
 * Starts the functions that an operation will need later, while it waits for containers anyway: a cold start takes 0.2 s on
 * a quiet machine and longer on AWS, and the steps after the wait come one after the other. Nothing depends on it.
 */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { messageOf } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { WARM_UP } from '../common/lambda/warm-up.ts';

export async function warmFunctions(lambda: LambdaClient, functions: readonly string[]): Promise<{ warmed: number }> {
  await Promise.all(
    functions.map((FunctionName) =>
      lambda.send(
        new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: Buffer.from(JSON.stringify(WARM_UP)) }),
      ),
    ),
  );
  return { warmed: functions.length };
}

/** For a step that has something else to do: what fails is noted. `functions`: names, comma-separated. */
export const warmer =
  (lambda: LambdaClient, functions: string): (() => Promise<void>) =>
  async () => {
    try {
      await warmFunctions(lambda, functions.split(','));
    } catch (error) {
      logger.warn('functions could not be warmed', { event: LOG_EVENTS.functionsNotWarmed, reason: messageOf(error) });
    }
  };
