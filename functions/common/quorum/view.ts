/**
 * An observation with its parts put together: which task carries which member. Pure; only the assessment uses it.
 *
 * A member is known by its peer URL, which is known by its ordinal; a task is known by its ordinal, and by the member id that
 * its process reports once it answers.
 */
import type { ListedMember, MemberList, MemberStatus, MemberTask, QuorumObservation } from './observation.ts';

export interface MemberView extends ListedMember {
  /** Undefined when the peer URL is none of this quorum. */
  readonly ordinal: number | undefined;
  /** The task whose process reports this id; two only when something went badly wrong. */
  readonly carriers: readonly { readonly task: MemberTask; readonly status: MemberStatus }[];
  /** Tasks of the ordinal that have not said yet who they are; asked-to-stop ones left out. */
  readonly candidates: readonly MemberTask[];
  /** Tasks that were asked to stop and may still be this member. */
  readonly leaving: readonly MemberTask[];
}

export interface QuorumView {
  readonly size: number;
  /** Tasks that nobody asked to stop. */
  readonly live: readonly MemberTask[];
  readonly statusOf: (task: MemberTask) => MemberStatus | undefined;
  readonly members: readonly MemberView[];
  readonly voters: readonly MemberView[];
  readonly learners: readonly MemberView[];
  /** As the members that answer say; undefined while they do not agree. */
  readonly leader: string | undefined;
}

export function viewOf(observation: QuorumObservation, list: MemberList): QuorumView {
  const byAddress = new Map(observation.statuses.map((status) => [status.address, status]));
  const statusOf = ({ address }: MemberTask) => (address === undefined ? undefined : byAddress.get(address));
  const live = observation.tasks.filter((task) => task.state !== 'stopping');
  const members = list.members.map((member): MemberView => {
    const index = observation.peerUrls.findIndex((url) => member.peerUrls.includes(url));
    const ordinal = index < 0 ? undefined : index;
    const known = live.flatMap((task) => {
      const status = statusOf(task);
      return status?.memberId === member.id && status.clusterId === list.clusterId ? [{ task, status }] : [];
    });
    return {
      ...member,
      ordinal,
      carriers: known.toSorted((a, b) => b.status.raftIndex - a.status.raftIndex),
      candidates: live.filter((task) => task.ordinal === ordinal && statusOf(task) === undefined),
      leaving: observation.tasks.filter(
        (task) =>
          task.ordinal === ordinal &&
          task.state === 'stopping' &&
          [undefined, member.id].includes(statusOf(task)?.memberId),
      ),
    };
  });
  const leaders = new Set(members.flatMap(({ carriers }) => carriers.map(({ status }) => status.leader)));
  const [leader] = leaders;
  return {
    size: observation.peerUrls.length,
    live,
    statusOf,
    members,
    voters: members.filter((member) => !member.isLearner),
    learners: members.filter((member) => member.isLearner),
    leader: leaders.size === 1 && leader !== '0' ? leader : undefined,
  };
}

/** Answers, and knows a leader. */
export const isHealthy = ({ carriers }: MemberView): boolean => carriers.some(({ status }) => status.leader !== '0');

/** No task is left that could be this member, but for those that are on their way out. */
export const isDead = ({ carriers, candidates }: MemberView): boolean =>
  carriers.length === 0 && candidates.length === 0;
