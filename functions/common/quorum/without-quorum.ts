/**
 * No quorum stands behind any answer: is it coming back, or gone for ever? Fargate has no disk that outlives a task, so a
 * member whose task has stopped has lost its data; a majority of such members cannot be undone. As long as the tasks of a
 * majority run, an election, a restart of the network or a pause may be all there is to it.
 */
import type { Decision } from './assess.ts';
import { quorumOf, type QuorumObservation } from './observation.ts';
import type { QuorumPolicy } from './policy.ts';
import { isDead, viewOf } from './view.ts';
import type { Watch } from './watch.ts';

export function assessWithoutQuorum(observation: QuorumObservation, policy: QuorumPolicy, watch: Watch): Decision {
  return observation.list === undefined
    ? judgeByTasks(observation, policy, watch)
    : judgeByMembers(viewOf(observation, observation.list).voters);
}

const lost = (reason: string): Decision => ({ action: { kind: 'quorum-lost' }, reason });
const wait = (reason: string): Decision => ({ action: { kind: 'wait' }, reason });

/** A survivor says who the voters are. A task that was asked to stop still has its data. */
function judgeByMembers(voters: ReturnType<typeof viewOf>['voters']): Decision {
  const left = voters.filter((member) => !isDead(member) || member.leaving.length > 0).length;
  const needed = quorumOf(voters.length);
  return left < needed
    ? lost(`${left} of ${voters.length} voters have a task left, ${needed} are needed`)
    : wait(`no quorum answers; ${left} of ${voters.length} voters have a task`);
}

/** Nobody answers. How many voters there are is not known; while members are replaced there may be two. */
function judgeByTasks({ tasks, peerUrls }: QuorumObservation, policy: QuorumPolicy, watch: Watch): Decision {
  const size = peerUrls.length;
  const left = new Set(tasks.map(({ ordinal }) => ordinal)).size;
  const needed = quorumOf(size);
  const seen = `${left} of ${size} members have a task left, ${needed} are needed`;
  if (left < Math.min(2, needed)) return lost(seen);
  if (left < needed && watch.longerThan('no-answer', policy.unreachableMs)) return lost(`${seen}, and none answers`);
  return wait(`no member answers; ${seen}`);
}
