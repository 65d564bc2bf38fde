/** Evaluates the barriers of a cluster and tells the executions that wait at them. Used wherever tasks are observed. */
import { SendTaskFailureCommand, SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { LOG_EVENTS } from '../lambda/events.ts';
import { hasName } from '../lambda/errors.ts';
import { logger } from '../lambda/logger.ts';
import { deleteBarrier, type RegistryTable } from '../registry/registry.ts';
import { decideBarrier, type Barrier } from './barrier.ts';
import type { TaskObservation } from './tasks.ts';

export interface BarrierDeps {
  readonly registry: RegistryTable;
  readonly sfn: SFNClient;
}

export async function settleBarriers(
  { registry, sfn }: BarrierDeps,
  cluster: string,
  barriers: readonly Barrier[],
  tasks: readonly TaskObservation[],
): Promise<void> {
  for (const barrier of barriers) {
    const decision = decideBarrier(barrier, tasks);
    if (decision.action === 'wait') continue;
    const released = decision.action === 'release';
    logger.info(decision.reason, {
      event: released ? LOG_EVENTS.barrierReleased : LOG_EVENTS.barrierBroken,
      cluster,
      barrier: barrier.id,
    });
    await ignoreGoneToken(
      released
        ? sfn.send(
            new SendTaskSuccessCommand({
              taskToken: barrier.token,
              output: JSON.stringify({ groups: decision.groups }),
            }),
          )
        : sfn.send(
            new SendTaskFailureCommand({ taskToken: barrier.token, error: decision.error, cause: decision.reason }),
          ),
    );
    // After the answer: should this function die in between, the next event answers again, and that is ignored.
    await deleteBarrier(registry, cluster, barrier);
  }
}

/** The wait has timed out, or was answered by an event that came at the same moment. */
async function ignoreGoneToken(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!hasName(error, 'TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken')) throw error;
  }
}
