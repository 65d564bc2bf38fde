/** Runs inside the VPC: do the members form one healthy quorum? Gathering and deciding are apart; the decision is pure. */
import { ensureHistory } from '../common/archive/own-keys.ts';
import { isEtcdError, type EtcdClient } from '../common/etcd/client.ts';
import { boundedNames } from '../common/lambda/bounded.ts';
import type { AskedMember } from '../common/quorum/members.ts';

export interface MemberStatus {
  readonly address: string;
  readonly clusterId: string;
  readonly memberId: string;
  readonly leader: string;
  readonly version: string;
  /** Members that a linearizable read shows: it answers only where a quorum stands behind it. */
  readonly members: number;
}

export type MemberObservation = MemberStatus | { readonly address: string; readonly problem: string };

export interface QuorumAnswer {
  readonly ready: boolean;
  readonly reason: string;
  readonly version?: string;
}

export function decideQuorum(observations: readonly MemberObservation[], expected: number): QuorumAnswer {
  const problems = observations.flatMap((seen) => ('problem' in seen ? [`${seen.address}: ${seen.problem}`] : []));
  if (problems.length > 0) return { ready: false, reason: boundedNames(problems, '; ') };
  const members = observations.filter((seen): seen is MemberStatus => !('problem' in seen));
  const first = members[0];
  if (first === undefined || members.length !== expected) {
    return { ready: false, reason: `${members.length} of ${expected} members answer` };
  }
  if (members.some((member) => member.clusterId !== first.clusterId)) {
    return { ready: false, reason: 'the members belong to different clusters' };
  }
  if (new Set(members.map((member) => member.memberId)).size !== expected) {
    return { ready: false, reason: 'one member answers at two addresses' };
  }
  if (members.some((member) => member.leader === '0' || member.leader !== first.leader)) {
    return { ready: false, reason: 'the members do not agree on a leader yet' };
  }
  if (members.some((member) => member.members !== expected)) {
    return { ready: false, reason: `the quorum does not have ${expected} members` };
  }
  return { ready: true, reason: `${expected} members are healthy`, version: first.version };
}

/** What a member said, as far as it matters for a quorum that has just been formed. */
export function toObservation(asked: AskedMember): MemberObservation {
  const { address } = asked;
  if ('problem' in asked) return { address, problem: asked.problem };
  const { status, agreed } = asked.answer;
  if (agreed === undefined) return { address, problem: 'no quorum answers it' };
  const { clusterId, memberId, leader, version } = status;
  return { address, clusterId, memberId, leader, version, members: agreed.length };
}

/**
 * A quorum gets the name of its history when it is formed, before anything else is in it. So a member that does not know one
 * has not even caught up to there, and whoever looks for the newest state can tell (common/recovery/decide.ts).
 */
export async function nameHistory(answer: QuorumAnswer, etcd: EtcdClient): Promise<QuorumAnswer> {
  if (!answer.ready) return answer;
  try {
    await ensureHistory(etcd);
    return answer;
  } catch (error) {
    if (!isEtcdError(error)) throw error;
    return { ready: false, reason: `the quorum takes no writes yet: ${error.message}` };
  }
}
