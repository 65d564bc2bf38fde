/** One wake a sleep, however many requests ask for it: the execution's name is the same for all of them. */
import { DescribeExecutionCommand, StartExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
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
    let cause = error;
    if (hasName(error, 'ExecutionAlreadyExists')) {
      try {
        return (await isRunning(sfn, wakeMachineArn, name)) ? 'asked' : 'ended';
      } catch (unseen) {
        cause = unseen;
      }
    }
    logger.warn('no wake could be started', {
      event: LOG_EVENTS.wakeNotStarted,
      cluster,
      execution: name,
      reason: messageOf(cause),
    });
    return 'not-now';
  }
}

/**
 * A sleep that was asked to wake starts the same execution, and writes the same input with other spaces: to Step Functions that is
 * another input, refused as if the execution were over. Taken for over before it has taken the cluster, its generation would be
 * skipped under its feet.
 */
async function isRunning(sfn: SFNClient, wakeMachineArn: string, name: string): Promise<boolean> {
  const executionArn = `${wakeMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  const { status } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  return status === 'RUNNING';
}
