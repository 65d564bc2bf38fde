/**
 * What a quorum needs next: one action, with its reason. Pure (observations, policy, now), so that every law can be tested
 * by itself and all of them together against a simulated quorum (tests/unit/quorum).
 *
 * The laws (decision 1 of the design): one change at a time; the unhealthy member first, the leader last; nothing that
 * would leave fewer healthy voters than a quorum needs; a replaced member keeps its name and never its data (remove, add
 * as learner, start with state `existing`, promote). It knows no history: it looks at how things are and takes the next
 * step, so an execution that dies anywhere, an event that comes twice, late or never, all lead to the same end.
 */
import { memberName } from '../cluster/names.ts';
import { quorumOf, type MemberTask, type QuorumMemory, type QuorumObservation } from './observation.ts';
import type { QuorumPolicy } from './policy.ts';
import { isDead, isHealthy, viewOf, type MemberView, type QuorumView } from './view.ts';
import { assessWithoutQuorum } from './without-quorum.ts';
import { watchOver, type Watch } from './watch.ts';

export type QuorumAction =
  | { readonly kind: 'none' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'stop-task'; readonly taskId: string; readonly taskArn: string }
  | { readonly kind: 'remove-member'; readonly memberId: string }
  | { readonly kind: 'add-learner'; readonly peerUrl: string }
  | {
      readonly kind: 'launch-member';
      readonly ordinal: number;
      readonly memberId: string;
      readonly initialCluster: string;
    }
  | { readonly kind: 'promote-member'; readonly memberId: string }
  | { readonly kind: 'move-leader'; readonly from: string; readonly to: string }
  | { readonly kind: 'quorum-lost' };

export interface Decision {
  readonly action: QuorumAction;
  readonly reason: string;
}

export interface QuorumAssessment extends Decision {
  readonly memory: QuorumMemory;
}

export function assessQuorum(observation: QuorumObservation, policy: QuorumPolicy, now: number): QuorumAssessment {
  const watch = watchOver(observation.memory, policy.longestGapMs, now);
  const { list } = observation;
  const decision = list?.linearizable
    ? assessWithQuorum(observation, viewOf(observation, list), policy, watch)
    : assessWithoutQuorum(observation, policy, watch);
  return { ...decision, memory: { since: watch.kept(), seenAt: now, spent: observation.memory.spent } };
}

const decide = (action: QuorumAction, reason: string): Decision => ({ action, reason });
const stop = ({ taskId, taskArn }: MemberTask, reason: string) =>
  decide({ kind: 'stop-task', taskId, taskArn }, reason);
const wait = (reason: string) => decide({ kind: 'wait' }, reason);
const called = ({ ordinal, id }: MemberView) =>
  `${ordinal === undefined ? 'a foreign member' : memberName(ordinal)} (${id})`;

function assessWithQuorum(
  observation: QuorumObservation,
  view: QuorumView,
  policy: QuorumPolicy,
  watch: Watch,
): Decision {
  return (
    stopSurplus(view) ??
    removeDeadVoter(view) ??
    advanceLearner(observation, view, policy, watch) ??
    judgeSilentVoters(view, policy, watch) ??
    addMissing(observation, view) ??
    retire(observation, view) ??
    (view.leader === undefined
      ? wait('the members do not agree on a leader yet')
      : decide({ kind: 'none' }, `${view.size} members are healthy`))
  );
}

/** A task that is nobody's, or the second of one member, disturbs the one that is right. */
function stopSurplus(view: QuorumView): Decision | undefined {
  const ids = new Set(view.members.map(({ id }) => id));
  for (const task of view.live) {
    const name = memberName(task.ordinal);
    const status = view.statusOf(task);
    if (status !== undefined && !ids.has(status.memberId)) {
      return stop(task, `a task of ${name} runs the member ${status.memberId}, which the quorum does not have`);
    }
    const owner = view.members.find(({ ordinal }) => ordinal === task.ordinal);
    if (owner === undefined) return stop(task, `a task of ${name} runs, but the quorum has no such member`);
    const [first] = owner.carriers;
    if (first !== undefined && first.task.taskId !== task.taskId) {
      return stop(task, `two tasks run for ${name}; the other one is the member ${owner.id}`);
    }
    if (status?.memberId !== owner.id && status !== undefined) {
      return stop(task, `a task of ${name} runs the member ${status.memberId}, which has another name`);
    }
    if (first === undefined && owner.candidates[0]?.taskId !== task.taskId) {
      return stop(task, `two tasks run for ${name}, and neither has said yet who it is`);
    }
  }
  return undefined;
}

const healthyAmong = (members: readonly MemberView[]) => members.filter(isHealthy).length;

/** The leader last. */
function leaderLast(view: QuorumView, members: readonly MemberView[]): MemberView[] {
  return members.toSorted((a, b) => Number(a.id === view.leader) - Number(b.id === view.leader));
}

/** The change is accepted by a quorum of the old members, and leaves a quorum of healthy new ones. */
function mayRemove(view: QuorumView, member: MemberView): boolean {
  const rest = view.voters.filter(({ id }) => id !== member.id);
  return (
    rest.length > 0 &&
    healthyAmong(rest) >= quorumOf(rest.length) &&
    healthyAmong(view.voters) >= quorumOf(view.voters.length)
  );
}

function mayStop(view: QuorumView, member: MemberView): boolean {
  return healthyAmong(view.voters.filter(({ id }) => id !== member.id)) >= quorumOf(view.voters.length);
}

function removeDeadVoter(view: QuorumView): Decision | undefined {
  const dead = leaderLast(view, view.voters.filter(isDead));
  const [first] = dead;
  if (first === undefined) return undefined;
  const member = dead.find((candidate) => mayRemove(view, candidate));
  if (member !== undefined) {
    return decide({ kind: 'remove-member', memberId: member.id }, `${called(member)} has no task any more`);
  }
  return wait(`${called(first)} has no task any more; it is removed when enough of the others are healthy`);
}

/** A member that was added and is not a voter yet: start it, let it catch up, promote it; begin again when it is lost. */
function advanceLearner(
  { peerUrls, memory }: QuorumObservation,
  view: QuorumView,
  policy: QuorumPolicy,
  watch: Watch,
): Decision | undefined {
  const [learner] = view.learners;
  if (learner === undefined) return undefined;
  const remove = (why: string) => decide({ kind: 'remove-member', memberId: learner.id }, `${called(learner)} ${why}`);
  if (learner.ordinal === undefined) return remove('is a learner that belongs to nobody');
  if (isDead(learner)) {
    // Only a learner is ever started for a member that exists already: it has voted for nothing and promised nothing.
    if (learner.name !== '' || memory.spent.includes(learner.id)) return remove('was added, and its task is gone');
    return decide(
      {
        kind: 'launch-member',
        ordinal: learner.ordinal,
        memberId: learner.id,
        initialCluster: initialCluster(view, peerUrls),
      },
      `${called(learner)} was added and has not started yet`,
    );
  }
  const [carrier] = learner.carriers;
  if (carrier === undefined) {
    const [task] = learner.candidates;
    if (task === undefined) return undefined;
    const judged = judgeSilent(learner, task, true, policy, watch);
    // etcd serves clients only when its own name has come back to it through the log, and a member that catches up by a
    // snapshot misses that and waits for ten seconds. The leader knows earlier whether it has caught up, and refuses till then.
    return judged.action.kind === 'wait' && task.state === 'running'
      ? decide(
          { kind: 'promote-member', memberId: learner.id },
          `${called(learner)} runs; the leader decides if it has caught up`,
        )
      : judged;
  }
  if (watch.longerThan(`learner:${learner.id}`, policy.learnerMs)) {
    return stop(carrier.task, `${called(learner)} did not catch up in time`);
  }
  const leading = Math.max(0, ...view.voters.flatMap(({ carriers }) => carriers.map(({ status }) => status.raftIndex)));
  // As etcd itself sees it: https://etcd.io/docs/v3.6/learning/design-learner/ (a learner may be 10 % behind).
  return carrier.status.raftIndex >= leading * 0.9
    ? decide({ kind: 'promote-member', memberId: learner.id }, `${called(learner)} has caught up`)
    : wait(`${called(learner)} is catching up (${carrier.status.raftIndex} of ${leading})`);
}

function initialCluster(view: QuorumView, peerUrls: readonly string[]): string {
  return view.members
    .toSorted((a, b) => (a.ordinal ?? peerUrls.length) - (b.ordinal ?? peerUrls.length))
    .flatMap((member) =>
      member.peerUrls.map((url) => `${member.ordinal === undefined ? member.name : memberName(member.ordinal)}=${url}`),
    )
    .join(',');
}

/** Voters with a task that does not answer, or that has lost its leader: they may come back, and then nothing is lost. */
function judgeSilentVoters(view: QuorumView, policy: QuorumPolicy, watch: Watch): Decision | undefined {
  const silent = leaderLast(
    view,
    view.voters.filter((member) => !isHealthy(member)),
  ).flatMap((member) => {
    const task = member.carriers[0]?.task ?? member.candidates[0];
    return task === undefined ? [] : [judgeSilent(member, task, mayStop(view, member), policy, watch)];
  });
  return silent.find(({ action }) => action.kind !== 'wait') ?? silent[0];
}

function judgeSilent(
  member: MemberView,
  task: MemberTask,
  mayStopIt: boolean,
  policy: QuorumPolicy,
  watch: Watch,
): Decision {
  const starting = task.state === 'starting';
  const what = starting ? 'is starting' : member.carriers.length > 0 ? 'has no leader' : 'does not answer';
  const late = watch.longerThan(
    `${starting ? 'starting' : 'silent'}:${task.taskId}`,
    starting ? policy.startMs : policy.unreachableMs,
  );
  if (late && mayStopIt) return stop(task, `${called(member)} ${what} for too long`);
  return wait(`${called(member)} ${what}${late ? ', and too few of the others are healthy to do without it' : ''}`);
}

function addMissing({ peerUrls }: QuorumObservation, view: QuorumView): Decision | undefined {
  const ordinal = peerUrls.findIndex((_, index) => !view.members.some((member) => member.ordinal === index));
  const peerUrl = peerUrls[ordinal];
  if (peerUrl === undefined) return undefined;
  return decide({ kind: 'add-learner', peerUrl }, `the quorum has no ${memberName(ordinal)}`);
}

/** Replaces healthy members that were asked for, one after the other; the leader hands over before its turn. */
function retire({ retire: tasks }: QuorumObservation, view: QuorumView): Decision | undefined {
  const due = leaderLast(
    view,
    view.voters.filter(({ carriers }) => carriers.some(({ task }) => tasks.includes(task.taskId))),
  )[0];
  const task = due?.carriers[0]?.task;
  if (due === undefined || task === undefined || view.leader === undefined || !mayStop(view, due)) return undefined;
  if (due.id !== view.leader) return stop(task, `${called(due)} is to be replaced`);
  const heir = view.voters.find((member) => member.id !== due.id && isHealthy(member));
  return heir === undefined
    ? undefined
    : decide({ kind: 'move-leader', from: due.id, to: heir.id }, `${called(due)} leads and is to be replaced`);
}
