/**
 * The last step of maintain-quorum, however it went: notes how it ended, the condition says what a person has to know, the
 * lock is given back. Where the members have to be looked after (that was found, or whoever met the lock left a note), the
 * machine for that is started.
 */
import { createHash } from 'node:crypto';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { startOnce } from '../common/aws/executions.ts';
import { readyConditions, type Condition } from '../common/cluster/conditions.ts';
import { replacementName } from '../common/cluster/names.ts';
import { errorFacts } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { OF_MAINTENANCE } from '../common/maintenance/decide.ts';
import { putCondition } from '../common/registry/condition.ts';
import { dropLock, readLock, releaseLock } from '../common/registry/lock.ts';
import { getMaintenanceState, putMaintenanceState } from '../common/registry/maintenance-state.ts';
import { getCluster, type RegistryTable } from '../common/registry/registry.ts';
import { explainFailure } from '../finish-operation/explain.ts';

export type MaintenanceOutcome =
  | { readonly outcome: 'done' }
  /** Nothing was done, or somebody else goes on: it says nothing about the quorum. */
  | { readonly outcome: 'over' }
  /** Members have to be replaced. */
  | { readonly outcome: 'members'; readonly reason: string }
  | { readonly outcome: 'failed'; readonly error: string; readonly cause: string };

export interface FinishMaintenanceDeps {
  readonly registry: RegistryTable;
  readonly sfn: SFNClient;
  readonly replaceMachineArn: string;
}

export async function finishMaintenance(
  deps: FinishMaintenanceDeps,
  { cluster, owner }: { readonly cluster: string; readonly owner: string },
  result: MaintenanceOutcome,
  now: Date,
): Promise<{ readonly replacing: boolean }> {
  const { registry } = deps;
  // Somebody else has taken over: it is no longer ours to say how things are.
  const ours = (await readLock(registry, cluster))?.owner === owner;
  if (ours) await conclude(registry, cluster, result, now.toISOString());
  const noted = ours && !(await releaseLock(registry, cluster, owner));
  if (noted) await dropLock(registry, cluster, owner);
  const replacing = noted || result.outcome === 'members';
  if (replacing) {
    const reason = result.outcome === 'members' ? result.reason : 'the members were to be looked at during maintenance';
    await startReplacement(deps, cluster, owner, reason);
  }
  logger.info('maintenance finished', { event: LOG_EVENTS.maintenanceFinished, cluster, ...result, replacing });
  return { replacing };
}

/** One for each maintenance, however often this step is called. */
async function startReplacement(
  { sfn, replaceMachineArn }: FinishMaintenanceDeps,
  cluster: string,
  owner: string,
  reason: string,
): Promise<void> {
  const subject = createHash('sha256').update(owner).digest('hex').slice(0, 32);
  await startOnce(sfn, {
    stateMachineArn: replaceMachineArn,
    name: replacementName(cluster, subject),
    input: { cluster, reason },
  });
}

async function conclude(registry: RegistryTable, cluster: string, result: MaintenanceOutcome, at: string) {
  if (result.outcome === 'over' || result.outcome === 'members') return;
  const outcome = result.outcome === 'failed' ? result.error : 'done';
  const state = await getMaintenanceState(registry, cluster);
  await putMaintenanceState(registry, cluster, { ...state, ended: { outcome, at } });
  if (result.outcome === 'failed') {
    const condition = failedCondition(result.error, result.cause, at);
    if (condition !== undefined) await putCondition(registry, cluster, 'awake', condition);
    return;
  }
  const before = (await getCluster(registry, cluster))?.conditions.MetadataReady;
  if (before !== undefined && OF_MAINTENANCE.includes(before.reason)) {
    await putCondition(registry, cluster, 'awake', readyConditions(at).MetadataReady);
  }
}

/** Only what is known to be bad: a maintenance that did not get through says nothing about the quorum. */
function failedCondition(error: string, cause: string, observedAt: string): Condition | undefined {
  const explained = explainFailure(error, cause);
  if (!OF_MAINTENANCE.includes(explained.error)) return undefined;
  const { advice } = errorFacts(explained.error);
  return {
    type: 'MetadataReady',
    status: 'False',
    reason: explained.error,
    message: `${explained.message} ${advice}`,
    observedAt,
  };
}
