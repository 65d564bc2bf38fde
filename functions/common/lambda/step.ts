/**
 * The edge of every function that a state machine or an event rule invokes: parses the input, runs one function, logs
 * a failure under its stable id and lets it out under its own name, which the state machine matches.
 */
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { z } from 'zod';
import { boundedText } from './bounded.ts';
import { namedForMachines, RedkiteError } from './errors.ts';
import { LOG_EVENTS } from './events.ts';
import { logger } from './logger.ts';
import { WARM_UP, isWarmUp } from './warm-up.ts';

export function stepHandler<Schema extends z.ZodType, Result>(
  schema: Schema,
  run: (input: z.output<Schema>, context: Context) => Promise<Result>,
) {
  return middy()
    .before(({ context }) => {
      logger.resetKeys();
      logger.addContext(context);
    })
    .onError(({ error }) => {
      logger.error('step failed', { event: LOG_EVENTS.stepFailed, error: error ?? new Error('no error given') });
    })
    .handler(async (event: unknown, context: Context): Promise<Result | typeof WARM_UP> => {
      if (isWarmUp(event)) return WARM_UP;
      const parsed = schema.safeParse(event);
      if (!parsed.success) {
        const fields = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'} ${issue.message}`);
        throw bounded(new RedkiteError('InvalidInput', `${fields.join('; ')}.`));
      }
      try {
        return await run(parsed.data, context);
      } catch (error) {
        throw bounded(namedForMachines(error));
      }
    });
}

/** Lambda hands on the message twice: by itself, and at the head of the stack. The log has all of it, as the cause. */
function bounded(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = boundedText(error.message);
  if (message === error.message) return error;
  const shorter = new Error(message, { cause: error });
  shorter.name = error.name;
  return shorter;
}
