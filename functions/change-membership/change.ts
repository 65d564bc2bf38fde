/**
 * Inside the VPC: changes etcd's list of members by one. Before it acts it reads the list once more with a quorum behind
 * it; what has been done already is done, what would be wrong by now is refused, and both are values: the machine looks
 * again. So is whatever etcd itself refuses; its own checks (strict-reconfig-check) stand behind ours.
 */
import type { EtcdClient } from '../common/etcd/client.ts';
import { isEtcdError } from '../common/etcd/errors.ts';
import type { Clock } from '../common/lambda/polling.ts';
import { decideChange, type ChangeDecision, type MemberChange } from '../common/quorum/change.ts';
import { bestList, statusesOf, type AskedMember } from '../common/quorum/members.ts';

export interface ChangeDeps {
  readonly ask: () => Promise<AskedMember[]>;
  /** A client of the member at this address. */
  readonly connect: (address: string) => EtcdClient;
  readonly clock: Clock;
}

export interface Changed {
  readonly done: boolean;
  readonly reason: string;
}

/** Short: a learner that dies meanwhile is seen only by the next round. */
const PROMOTE_BUDGET_MS = 2_000;
const PROMOTE_INTERVAL_MS = 50;

export async function changeMembership(deps: ChangeDeps, change: MemberChange): Promise<Changed> {
  const asked = await deps.ask();
  const list = bestList(asked);
  const statuses = statusesOf(asked);
  if (!list?.linearizable) return { done: false, reason: 'no quorum answers' };
  const { decision, reason }: ChangeDecision = decideChange(change, list.members, statuses);
  if (decision !== 'act') return { done: decision === 'done', reason };
  // The leader has to be asked itself to hand over; anything else it does without a hop.
  const leader = statuses.find(({ memberId, leader: known }) => memberId === known);
  const speaker = leader ?? statuses.find(({ isLearner, leader: known }) => !isLearner && known !== '0');
  if (speaker === undefined) return { done: false, reason: 'no member knows a leader' };
  const client = deps.connect(speaker.address);
  try {
    await act(client, change, deps.clock);
    return { done: true, reason };
  } catch (error) {
    if (!isEtcdError(error)) throw error;
    return { done: false, reason: error.message };
  } finally {
    client.close();
  }
}

async function act(client: EtcdClient, change: MemberChange, clock: Clock): Promise<void> {
  switch (change.kind) {
    case 'remove-member':
      await client.memberRemove(change.memberId);
      return;
    case 'add-learner':
      await client.memberAddAsLearner([change.peerUrl]);
      return;
    case 'promote-member':
      await promote(client, change.memberId, clock);
      return;
    case 'move-leader':
      await client.moveLeader(change.to);
  }
}

/** A learner answers before the leader has heard from it that it has caught up; that takes a moment and has no event. */
async function promote(client: EtcdClient, memberId: string, clock: Clock): Promise<void> {
  const deadline = clock.now() + PROMOTE_BUDGET_MS;
  for (;;) {
    try {
      await client.memberPromote(memberId);
      return;
    } catch (error) {
      if (!isEtcdError(error, 'learner-not-ready') || clock.now() > deadline) throw error;
    }
    await clock.sleep(PROMOTE_INTERVAL_MS);
  }
}
