import { decideTargets } from '../../../functions/check-targets/check.ts';
import { decideCompute } from '../../../functions/probe-compute/probe.ts';
import { connectEtcd, EtcdError } from '../../../functions/common/etcd/client.ts';
import { decideQuorum, nameHistory, type MemberStatus } from '../../../functions/probe-quorum/probe.ts';

const status = (n: number, changes: Partial<MemberStatus> = {}): MemberStatus => ({
  address: `10.0.0.${n}`,
  clusterId: 'c',
  memberId: String(n),
  leader: '1',
  version: '3.6.8',
  members: 3,
  ...changes,
});

describe('decideQuorum', () => {
  test('three members with one leader in one cluster are ready', () => {
    expect(decideQuorum([status(1), status(2), status(3)], 3)).toMatchObject({ ready: true, version: '3.6.8' });
  });
  test.each([
    ['a member that does not answer', [status(1), status(2), { address: 'x', problem: 'refused' }], 'x: refused'],
    ['two of three', [status(1), status(2)], '2 of 3 members answer'],
    ['two clusters', [status(1), status(2), status(3, { clusterId: 'd' })], 'the members belong to different clusters'],
    ['no leader', [status(1, { leader: '0' }), status(2), status(3)], 'the members do not agree on a leader yet'],
    ['two leaders', [status(1), status(2), status(3, { leader: '2' })], 'the members do not agree on a leader yet'],
    ['one member twice', [status(1), status(2), status(2)], 'one member answers at two addresses'],
    ['a quorum of two', [status(1), status(2), status(3, { members: 2 })], 'the quorum does not have 3 members'],
  ])('%s is not ready, with the reason', (_, observations, reason) => {
    expect(decideQuorum(observations, 3)).toEqual({ ready: false, reason });
  });
});

describe('nameHistory', () => {
  const nobody = connectEtcd(['127.0.0.1:1'], { timeoutMs: 100 });
  const ready = { ready: true, reason: '3 members are healthy' };
  const get = (answers: (Buffer | undefined)[]) => () => Promise.resolve(answers.shift());
  afterAll(() => {
    nobody.close();
  });

  test('gives a quorum that has formed its history, once', async () => {
    const written: unknown[] = [];
    const txn = (transaction: unknown) => {
      written.push(transaction);
      return Promise.resolve({ clusterId: '1', memberId: '1', revision: 2, raftTerm: 2, succeeded: true, answers: [] });
    };
    expect(await nameHistory(ready, { ...nobody, txn, get: get([undefined, Buffer.from('h')]) })).toBe(ready);
    expect(written).toMatchObject([{ success: [{ put: { key: '_redkite/history' } }] }]);
    expect(await nameHistory(ready, { ...nobody, txn, get: get([Buffer.from('h')]) })).toBe(ready);
    expect(written).toHaveLength(1);
  });

  test('asks nothing of one that has not formed, and waits for one that takes no writes yet', async () => {
    const refuse = () => Promise.reject(new EtcdError('no-leader', 'no leader'));
    const forming = { ready: false, reason: 'the members do not agree on a leader yet' };
    expect(await nameHistory(forming, { ...nobody, get: refuse })).toBe(forming);
    expect(await nameHistory(ready, { ...nobody, get: refuse })).toEqual({
      ready: false,
      reason: 'the quorum takes no writes yet: no leader',
    });
  });
});

describe('decideCompute', () => {
  const wants = [
    { group: 'a', count: 1 },
    { group: 'b', count: 2 },
  ];
  const healthy = (group: string) => ({ group, address: 'x' });
  test('is ready when every group has as many healthy tasks as it should', () => {
    expect(decideCompute([healthy('a'), healthy('b'), healthy('b')], wants).ready).toBe(true);
  });
  test('names the group that is not, and why', () => {
    const answer = decideCompute([healthy('a'), healthy('b'), { ...healthy('b'), problem: '500 not ready' }], wants);
    expect(answer).toEqual({ ready: false, reason: 'b: 1 of 2 healthy (500 not ready)' });
  });
});

describe('decideTargets', () => {
  test('needs one healthy target in each group', () => {
    const healthy = [{ id: 'a', state: 'healthy' }];
    expect(decideTargets([healthy, healthy]).ready).toBe(true);
    expect(decideTargets([healthy, [{ id: 'a', state: 'initial', reason: 'Elb.InitialHealthChecking' }]])).toEqual({
      ready: false,
      reason: 'a is initial (Elb.InitialHealthChecking)',
    });
    expect(decideTargets([[]])).toEqual({ ready: false, reason: 'no target is registered' });
  });
});
