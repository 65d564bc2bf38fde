/**
 * Changes etcd's list of members by one, after a last look at the list that was read just now with a quorum behind it: what
 * has been done already is done, what would be wrong by now is refused, and both are values. So is whatever etcd itself
 * refuses; its own checks (strict-reconfig-check) stand behind ours.
 */
import type { EtcdClient } from '../common/etcd/client.ts';
import { isEtcdError } from '../common/etcd/errors.ts';
import { decideChange, type ChangeDecision, type MemberChange } from '../common/quorum/change.ts';
import { bestList, statusesOf, type AskedMember } from '../common/quorum/members.ts';

export interface Changed {
  readonly done: boolean;
  readonly reason: string;
}

/** `connect`: a client of the member at this address. */
export async function changeMembership(
  connect: (address: string) => EtcdClient,
  change: MemberChange,
  asked: readonly AskedMember[],
): Promise<Changed> {
  const list = bestList(asked);
  const statuses = statusesOf(asked);
  if (!list?.linearizable) return { done: false, reason: 'no quorum answers' };
  const { decision, reason }: ChangeDecision = decideChange(change, list.members, statuses);
  if (decision !== 'act') return { done: decision === 'done', reason };
  // The leader has to be asked itself to hand over; anything else it does without a hop.
  const leader = statuses.find(({ memberId, leader: known }) => memberId === known);
  const speaker = leader ?? statuses.find(({ isLearner, leader: known }) => !isLearner && known !== '0');
  if (speaker === undefined) return { done: false, reason: 'no member knows a leader' };
  const client = connect(speaker.address);
  try {
    await act(client, change);
    return { done: true, reason };
  } catch (error) {
    if (!isEtcdError(error)) throw error;
    return { done: false, reason: error.message };
  } finally {
    client.close();
  }
}

async function act(client: EtcdClient, change: MemberChange): Promise<void> {
  switch (change.kind) {
    case 'remove-member':
      await client.memberRemove(change.memberId);
      return;
    case 'add-learner':
      await client.memberAddAsLearner([change.peerUrl]);
      return;
    case 'promote-member':
      await client.memberPromote(change.memberId);
      return;
    case 'move-leader':
      await client.moveLeader(change.to);
  }
}
