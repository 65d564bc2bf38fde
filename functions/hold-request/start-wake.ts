/** One wake a sleep, however many requests ask for it: the execution's name is the same for all of them. */
import { StartExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { executionName } from '../common/cluster/names.ts';
import type { Ownership } from '../common/cluster/record.ts';
import { hasName, messageOf } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';

/**
 * `asked`: it runs. `ended`: an execution of this name is over, so it has either done its work since we looked, or died
 * before it began. `not-now`: throttled or not reached; whether it took effect, the next attempt finds out.
 */
export type StartOutcome = 'asked' | 'ended' | 'not-now';

export interface StartDeps {
  readonly sfn: SFNClient;
  readonly wakeMachineArn: string;
}

/** `sleep`: the cluster and the generation in which it is asleep. */
export async function startWake(
  { sfn, wakeMachineArn }: StartDeps,
  sleep: Ownership,
  reason: string,
): Promise<StartOutcome> {
  const { cluster } = sleep;
  const generation = sleep.generation + 1;
  const name = executionName(cluster, 'wake', generation);
  try {
    await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: wakeMachineArn,
        name,
        // The same for all who ask: another input under this name would be refused while it runs.
        input: JSON.stringify({ cluster, generation }),
      }),
    );
    logger.info(reason, { event: LOG_EVENTS.wakeAsked, cluster, execution: name });
    return 'asked';
  } catch (error) {
    if (hasName(error, 'ExecutionAlreadyExists')) return 'ended';
    logger.warn('no wake could be started', {
      event: LOG_EVENTS.wakeNotStarted,
      cluster,
      execution: name,
      reason: messageOf(error),
    });
    return 'not-now';
  }
}
