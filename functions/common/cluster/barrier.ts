/**
 * A barrier holds a state machine until tasks have reached a state. It keeps the task token of the waiting execution;
 * every task state change event of the cluster evaluates it again. Pure: decides, and says why.
 */
import { boundedText } from '../lambda/bounded.ts';
import { isOver, isServing, isStopped, type TaskObservation } from './tasks.ts';

/** So many tasks of this group (as built by names.ts); `stopped` and `ended` barriers look at the group only. */
export interface BarrierWant {
  readonly group: string;
  readonly count: number;
}

export const BARRIER_KINDS = ['serving', 'stopped', 'ended'] as const;

export interface Barrier {
  readonly id: string;
  /**
   * `serving`: as many tasks as wanted must serve. `stopped`: no task of the wanted groups may be left. `ended`: no process of
   * them may be left; ECS may still have their network to give back.
   */
  readonly kind: (typeof BARRIER_KINDS)[number];
  readonly wants: readonly BarrierWant[];
  /** So many tasks of one group may fail, since `since`; one more breaks the barrier. */
  readonly toleratedFailures: number;
  /** The error under which it breaks. */
  readonly failureName: string;
  /** ISO 8601; older failures belong to an earlier attempt. */
  readonly since: string;
  /** ISO 8601; with it, only tasks that were created since count as failures: what they take the place of may stop later. */
  readonly createdSince?: string | undefined;
  /** The waiting state's task token: a credential, never logged. */
  readonly token: string;
}

export interface GroupAddresses {
  readonly group: string;
  readonly addresses: readonly string[];
}

export type BarrierDecision =
  | { readonly action: 'wait'; readonly reason: string }
  | { readonly action: 'release'; readonly groups: readonly GroupAddresses[]; readonly reason: string }
  | { readonly action: 'break'; readonly error: string; readonly reason: string };

const START_FAILURES: ReadonlySet<string> = new Set(['TaskFailedToStart', 'EssentialContainerExited']);

export function decideBarrier(barrier: Barrier, tasks: readonly TaskObservation[]): BarrierDecision {
  switch (barrier.kind) {
    case 'serving':
      return decideServing(barrier, tasks);
    case 'stopped':
      return decideGone(barrier, tasks, isStopped);
    case 'ended':
      return decideGone(barrier, tasks, isOver);
  }
}

function decideServing(barrier: Barrier, tasks: readonly TaskObservation[]): BarrierDecision {
  const groups: GroupAddresses[] = [];
  const missing: string[] = [];
  for (const want of barrier.wants) {
    const ofGroup = tasks.filter((task) => task.group === want.group);
    const failures = ofGroup.filter((task) => isStopped(task) && isFailure(barrier, task));
    if (failures.length > barrier.toleratedFailures) {
      return {
        action: 'break',
        error: barrier.failureName,
        reason: `${want.group}: ${failures.length} task(s) ended while starting: ${boundedText(failures[0]?.stoppedReason ?? 'no reason given')}`,
      };
    }
    const serving = ofGroup.filter(isServing);
    if (serving.length < want.count) missing.push(`${want.group} (${serving.length} of ${want.count})`);
    groups.push({ group: want.group, addresses: serving.map((task) => task.address).sort() });
  }
  return missing.length === 0
    ? { action: 'release', groups, reason: 'every task runs' }
    : { action: 'wait', reason: `waiting for ${missing.join(', ')}` };
}

function isFailure(
  { since, createdSince = '' }: Barrier,
  { stopCode = '', createdAt = '', stoppedAt = '' }: TaskObservation,
): boolean {
  return START_FAILURES.has(stopCode) && stoppedAt >= since && createdAt >= createdSince;
}

function decideGone(
  barrier: Barrier,
  tasks: readonly TaskObservation[],
  isGone: (task: TaskObservation) => boolean,
): BarrierDecision {
  const wanted = new Set(barrier.wants.map((want) => want.group));
  const left = tasks.filter((task) => wanted.has(task.group) && !isGone(task));
  return left.length === 0
    ? { action: 'release', groups: [], reason: 'every task has stopped' }
    : { action: 'wait', reason: `waiting for ${left.length} task(s) to stop` };
}
