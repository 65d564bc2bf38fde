import { decideChange } from '../../../functions/common/quorum/change.ts';
import type { ListedMember, MemberStatus } from '../../../functions/common/quorum/observation.ts';

const member = (id: string, isLearner = false): ListedMember => ({
  id,
  name: `etcd-${id}`,
  peerUrls: [`http://etcd-${id}`],
  isLearner,
});
const status = (memberId: string, leader = '1'): MemberStatus => ({
  address: memberId,
  memberId,
  clusterId: 'c',
  leader,
  isLearner: false,
  raftIndex: 1,
  raftTerm: 1,
});
const three = ['1', '2', '3'].map((id) => member(id));
const answering = ['1', '2', '3'].map((id) => status(id));

test.each([
  ['a voter, with the others healthy', '3', three, answering.slice(0, 2), 'act'],
  ['a voter that is gone from the list', '9', three, answering, 'done'],
  ['a learner', '4', [...three, member('4', true)], [], 'act'],
  ['a voter, with too few others healthy', '3', three, answering.slice(0, 1), 'refuse'],
  ['a voter, with others that have no leader', '3', three, [status('1', '0'), status('2', '0')], 'refuse'],
  ['the only voter', '1', [member('1')], [status('1')], 'refuse'],
])('removing %s: %s %s', (_, memberId, members, statuses, decision) => {
  expect(decideChange({ kind: 'remove-member', memberId }, members, statuses).decision).toBe(decision);
});

test.each([
  ['that is missing', 'http://etcd-4', three, 'act'],
  ['that is there', 'http://etcd-3', three, 'done'],
  ['beside another learner', 'http://etcd-5', [...three, member('4', true)], 'refuse'],
])('adding a member %s', (_, peerUrl, members, decision) => {
  expect(decideChange({ kind: 'add-learner', peerUrl }, members, answering).decision).toBe(decision);
});

test.each([
  ['a learner', '4', 'act'],
  ['a voter', '3', 'done'],
  ['nobody', '9', 'refuse'],
])('promoting %s', (_, memberId, decision) => {
  const members = [...three, member('4', true)];
  expect(decideChange({ kind: 'promote-member', memberId }, members, answering).decision).toBe(decision);
});

test.each([
  ['a healthy voter', '1', '2', 'act'],
  ['one that does not answer', '1', '9', 'refuse'],
  ['a learner', '1', '4', 'refuse'],
  ['anyone, from one that does not lead', '2', '3', 'done'],
])('moving the lead to %s', (_, from, to, decision) => {
  const members = [...three, member('4', true)];
  expect(decideChange({ kind: 'move-leader', from, to }, members, answering).decision).toBe(decision);
});
