/**
 * One cluster's minute: look at its counters, remember what has changed, decide. Gather, decide (state.ts, decide.ts), act.
 * The caller starts what is decided.
 */
import { serviceGroup } from '../cluster/names.ts';
import type { ClusterRecord } from '../cluster/record.ts';
import { isServing, type TaskObservation } from '../cluster/tasks.ts';
import { LOG_EVENTS } from '../lambda/events.ts';
import { logger } from '../lambda/logger.ts';
import { activityStateIn, putActivityState } from '../registry/activity-state.ts';
import type { PartitionItems, RegistryTable } from '../registry/registry.ts';
import { releaseProfile } from '../releases/profiles.ts';
import { ACTIVITY_SOURCES } from './activity-table.ts';
import { decideIdle, type IdleDecision } from './decide.ts';
import { observeCounters, observeWork, type AddressedGroup, type ObserveOptions } from './observe.ts';
import { idlePolicyOf } from './policy.ts';
import { noteObservation, noteWork, type ActivityState } from './state.ts';
import { judgeWork } from './work.ts';

export interface WatchIdleDeps {
  readonly registry: RegistryTable;
  readonly timeoutMs: number;
  readonly clock: () => Date;
}

/** What is left once it was looked whether Milvus works. */
export type IdleOutcome = Exclude<IdleDecision, { action: 'look' }>;

/** A cluster that is awake, as its partition says. */
export interface WatchedCluster {
  readonly record: Pick<ClusterRecord, 'name' | 'generation' | 'phaseSince' | 'spec'>;
  readonly tasks: readonly TaskObservation[];
  readonly items: PartitionItems;
}

export async function watchIdle(
  { registry, timeoutMs, clock }: WatchIdleDeps,
  { record, tasks, items }: WatchedCluster,
): Promise<IdleOutcome> {
  const { name: cluster, generation, phaseSince: awakeSince, spec } = record;
  const policy = idlePolicyOf(spec);
  const groups = servingGroups(record, tasks);
  const options = observeOptions(spec.release, timeoutMs);
  const remember = async (next: ActivityState, previous: ActivityState | undefined) => {
    if (next === previous) return;
    // Whoever was faster has seen the same minute; this look is thrown away.
    if (!(await putActivityState(registry, cluster, next, previous))) throw new OvertakenError(cluster);
    tell(cluster, next, previous);
  };
  const previous = activityStateIn(items);
  const observation = { ...(await observeCounters(groups, options)), tasks: countingTasks(cluster, tasks) };
  const state = noteObservation(previous, observation, { generation, now: clock() });
  await remember(state, previous);
  const decision = decideIdle({ state, awakeSince }, policy, clock());
  if (decision.action !== 'look') return decision;
  const work = judgeWork(await observeWork(groups, options));
  await remember(noteWork(state, work, clock()), state);
  const decided = decideIdle({ state, awakeSince, work }, policy, clock());
  if (decided.action === 'look') throw new Error('Milvus was looked at, and is to be looked at again.');
  return decided;
}

/** Somebody else looked at the same cluster at the same moment and was faster. */
export class OvertakenError extends Error {
  constructor(cluster: string) {
    super(`Somebody else looks at the activity of cluster ${cluster} at the same time.`);
    this.name = 'OvertakenError';
  }
}

export function observeOptions(release: string, timeoutMs: number): ObserveOptions {
  const profile = releaseProfile(release);
  if (profile === undefined) throw new Error(`Release ${release} has no profile.`);
  return { ports: profile.ports, timeoutMs };
}

export function servingGroups(
  { name, spec }: Pick<ClusterRecord, 'name' | 'spec'>,
  tasks: readonly TaskObservation[],
): AddressedGroup[] {
  const roles = releaseProfile(spec.release)?.roles ?? [];
  const serving = tasks.filter(isServing);
  return roles.map(({ role }) => {
    const group = serviceGroup(name, role);
    return { group, addresses: serving.filter((task) => task.group === group).map(({ address }) => address) };
  });
}

/** In a fixed order: what only stands elsewhere is nothing new to remember. */
function countingTasks(cluster: string, tasks: readonly TaskObservation[]): string[] {
  const groups = ACTIVITY_SOURCES.map(({ role }) => serviceGroup(cluster, role));
  return tasks
    .filter(({ group }) => groups.includes(group))
    .map(({ taskId }) => taskId)
    .sort();
}

/** Once when it begins and once when it ends, not every minute. */
function tell(cluster: string, next: ActivityState, previous: ActivityState | undefined): void {
  const problem = (next.unseen ?? next.workUnseen)?.problem;
  const before = (previous?.unseen ?? previous?.workUnseen)?.problem;
  if (problem !== undefined && before === undefined) {
    logger.warn('activity cannot be seen', { event: LOG_EVENTS.activityUnseen, cluster, problem });
  } else if (problem === undefined && before !== undefined) {
    logger.info('activity is seen again', { event: LOG_EVENTS.activitySeen, cluster });
  }
}
