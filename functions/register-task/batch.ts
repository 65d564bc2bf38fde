/**
 * Task state change events as they come to the registrar: in batches, from a queue. The queue bounds how many registrars run
 * at a time: a thousand clusters that wake together send ten thousand events within seconds, and as many functions at once
 * would leave none of the account's concurrency for the wakes themselves.
 */
import { z } from 'zod';
import { observeTask, type TaskObservation } from '../common/cluster/tasks.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';

/** What an event source mapping of SQS sends. */
export const taskEventsSchema = z.object({
  Records: z.array(z.object({ messageId: z.string(), body: z.string() })).min(1),
});

const eventSchema = z.object({
  source: z.literal('aws.ecs'),
  'detail-type': z.literal('ECS Task State Change'),
  detail: z.unknown(),
});

/** Only the messages that failed stay in the queue; they come again when they are visible again. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export async function registerBatch(
  { Records }: z.output<typeof taskEventsSchema>,
  register: (task: TaskObservation) => Promise<void>,
): Promise<BatchAnswer> {
  const failures = await Promise.all(
    Records.map(async ({ messageId, body }) => {
      try {
        await register(observeTask(eventSchema.parse(JSON.parse(body)).detail));
        return [];
      } catch (error) {
        logger.error('a task state change could not be registered', {
          event: LOG_EVENTS.stepFailed,
          messageId,
          error: error instanceof Error ? error : new Error(String(error)),
        });
        return [{ itemIdentifier: messageId }];
      }
    }),
  );
  return { batchItemFailures: failures.flat() };
}
