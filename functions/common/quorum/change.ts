/**
 * The last look before the list of members is changed: is the change right, is it done already? Whoever decided on it looked at
 * tasks as well, which may be old; this looks at nothing but what the members have just said. Pure.
 */
import { quorumOf, type ListedMember, type MemberStatus } from './observation.ts';

export type MemberChange =
  | { readonly kind: 'remove-member'; readonly memberId: string }
  | { readonly kind: 'add-learner'; readonly peerUrl: string }
  | { readonly kind: 'promote-member'; readonly memberId: string }
  | { readonly kind: 'move-leader'; readonly from: string; readonly to: string };

export interface ChangeDecision {
  /** `done`: nothing is left to do. `refuse`: it would be wrong now; look again. */
  readonly decision: 'act' | 'done' | 'refuse';
  readonly reason: string;
}

const act = (reason: string): ChangeDecision => ({ decision: 'act', reason });
const done = (reason: string): ChangeDecision => ({ decision: 'done', reason });
const refuse = (reason: string): ChangeDecision => ({ decision: 'refuse', reason });

/** `members`: a linearizable list, read just now. */
export function decideChange(
  change: MemberChange,
  members: readonly ListedMember[],
  statuses: readonly MemberStatus[],
): ChangeDecision {
  const withId = (id: string) => members.find((member) => member.id === id);
  const healthy = (id: string) => statuses.some(({ memberId, leader }) => memberId === id && leader !== '0');
  switch (change.kind) {
    case 'remove-member': {
      const member = withId(change.memberId);
      if (member === undefined) return done('the member is not in the list any more');
      if (member.isLearner) return act('a learner has no vote');
      const voters = members.filter(({ isLearner }) => !isLearner);
      const rest = voters.filter(({ id }) => id !== member.id);
      const left = rest.filter(({ id }) => healthy(id)).length;
      return left >= quorumOf(rest.length) && rest.length > 0
        ? act(`${left} of the other ${rest.length} voters are healthy`)
        : refuse(`only ${left} of the other ${rest.length} voters are healthy`);
    }
    case 'add-learner':
      if (members.some(({ peerUrls }) => peerUrls.includes(change.peerUrl))) return done('the member is in the list');
      return members.some(({ isLearner }) => isLearner)
        ? refuse('another learner has not been promoted yet')
        : act('the member is not in the list');
    case 'promote-member': {
      const member = withId(change.memberId);
      if (member === undefined) return refuse('the learner is not in the list any more');
      return member.isLearner ? act('the member is a learner') : done('the member is a voter');
    }
    case 'move-leader': {
      const leads = statuses.some(({ leader }) => leader === change.from);
      if (!leads) return done('the member does not lead any more');
      const heir = withId(change.to);
      return heir !== undefined && !heir.isLearner && healthy(heir.id)
        ? act('the next leader is healthy')
        : refuse('the next leader is not healthy');
    }
  }
}
