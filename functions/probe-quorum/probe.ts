/**
 * Runs inside the VPC: do the members form one healthy quorum? Asked through etcd's JSON gateway, so a stock etcd and the
 * platform's `fetch` are all that is needed. Gathering and deciding are apart; the decision is pure.
 */
import { ETCD } from '../common/releases/profiles.ts';

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
  if (problems.length > 0) return { ready: false, reason: problems.join('; ') };
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

interface StatusAnswer {
  readonly header: { readonly cluster_id: string; readonly member_id: string };
  readonly version: string;
  readonly leader?: string;
}
interface MemberListAnswer {
  readonly members: readonly unknown[];
}

export async function observeMember(address: string, timeoutMs: number): Promise<MemberObservation> {
  const ask = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`http://${address}:${ETCD.clientPort}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.json();
  };
  try {
    const [status, list] = (await Promise.all([
      ask('maintenance/status', {}),
      ask('cluster/member/list', { linearizable: true }),
    ])) as [StatusAnswer, MemberListAnswer];
    return {
      address,
      clusterId: status.header.cluster_id,
      memberId: status.header.member_id,
      leader: status.leader ?? '0',
      version: status.version,
      members: list.members.length,
    };
  } catch (error) {
    const { message, cause } = error as Error;
    return { address, problem: cause instanceof Error ? cause.message : message };
  }
}
