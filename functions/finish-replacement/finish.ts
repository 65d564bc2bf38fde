/**
 * The last step of replace-member, however it went: members that were replaced are put under the metadata name, the
 * condition says how things are, the lock is given back. The only place that gives it back.
 */
import { registerAddress, type Namespace } from '../common/aws/discovery.ts';
import { readyConditions, type Condition } from '../common/cluster/conditions.ts';
import { errorFacts } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { OF_MAINTENANCE } from '../common/maintenance/decide.ts';
import type { MemberTask } from '../common/quorum/observation.ts';
import { putCondition } from '../common/registry/condition.ts';
import { dropLock, readLock, releaseLock, setJoining } from '../common/registry/lock.ts';
import { getCluster, type RegistryTable } from '../common/registry/registry.ts';
import { explainFailure } from '../finish-operation/explain.ts';
import { memberInstanceId } from '../register-task/decide.ts';

export type ReplacementOutcome =
  | { readonly outcome: 'healthy'; readonly tasks: readonly MemberTask[] }
  | { readonly outcome: 'over' }
  | { readonly outcome: 'failed'; readonly error: string; readonly cause: string };

export interface FinishReplacementDeps {
  readonly registry: RegistryTable;
  readonly namespace: Namespace;
  /** Has the functions of a recovery started; never fails. */
  readonly warm: () => Promise<void>;
}

/** `released` is false when the owner has to look once more. */
export async function finishReplacement(
  deps: FinishReplacementDeps,
  { cluster, owner }: { readonly cluster: string; readonly owner: string },
  result: ReplacementOutcome,
  now: Date,
): Promise<{ readonly released: boolean }> {
  const released = await conclude(deps, cluster, owner, result, now.toISOString());
  logger.info('replacement finished', {
    event: LOG_EVENTS.replacementFinished,
    cluster,
    outcome: result.outcome,
    released,
    ...(result.outcome === 'failed' ? { error: result.error } : {}),
  });
  return { released };
}

async function conclude(
  deps: FinishReplacementDeps,
  cluster: string,
  owner: string,
  result: ReplacementOutcome,
  at: string,
): Promise<boolean> {
  const { registry } = deps;
  // Somebody else has taken over: it is no longer ours to say how things are.
  if ((await readLock(registry, cluster))?.owner !== owner) return true;
  switch (result.outcome) {
    case 'healthy':
      // First, so that the registrar does not take a name away from a member that is about to get it.
      await setJoining(registry, cluster, owner, []);
      await nameMembers(deps, cluster, result.tasks);
      if (!(await isMaintenances(registry, cluster))) {
        await putCondition(registry, cluster, 'awake', readyConditions(at).MetadataReady);
      }
      return releaseLock(registry, cluster, owner);
    case 'over':
      await dropLock(registry, cluster, owner);
      return true;
    case 'failed':
      await Promise.all([
        putCondition(registry, cluster, 'awake', failedCondition(result.error, result.cause, at)),
        ...(result.error === 'QuorumLost' ? [deps.warm()] : []),
      ]);
      await dropLock(registry, cluster, owner);
      return true;
  }
}

/** A quorum whose members are healthy may be full all the same. */
async function isMaintenances(registry: RegistryTable, cluster: string): Promise<boolean> {
  const record = await getCluster(registry, cluster);
  return record !== undefined && OF_MAINTENANCE.includes(record.conditions.MetadataReady.reason);
}

async function nameMembers(
  { registry, namespace }: FinishReplacementDeps,
  cluster: string,
  tasks: readonly MemberTask[],
) {
  const record = await getCluster(registry, cluster);
  const metadata = record?.metadataOpen === true ? record.discovery?.metadata : undefined;
  if (metadata === undefined) return;
  const named = tasks.flatMap(({ state, address, ordinal }) =>
    state === 'running' && address !== undefined ? [{ address, ordinal }] : [],
  );
  await Promise.all(
    named.map(({ address, ordinal }) => registerAddress(namespace, metadata, memberInstanceId(ordinal), address)),
  );
}

/** What is known to be bad is False; where the machine itself failed, nobody knows. */
function failedCondition(error: string, cause: string, observedAt: string): Condition {
  const explained = explainFailure(error, cause);
  const known = errorFacts(explained.error).condition === 'MetadataReady';
  return {
    type: 'MetadataReady',
    status: known ? 'False' : 'Unknown',
    reason: explained.error,
    message: explained.message,
    observedAt,
  };
}
