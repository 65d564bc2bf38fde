/** What replace-member and recover-quorum find out from etcd, and what they change in it: assess-quorum, advance-quorum. */
import { advanceQuorum, type Turn } from '../../../functions/advance-quorum/advance.ts';
import { changeMembership } from '../../../functions/advance-quorum/change.ts';
import { assess } from '../../../functions/assess-quorum/assess.ts';
import { EtcdError, type EtcdClient } from '../../../functions/common/etcd/client.ts';
import type { AskedMember } from '../../../functions/common/quorum/members.ts';
import { QUORUM_POLICY } from '../../../functions/common/quorum/policy.ts';
import { peerUrlOf } from './world.ts';

const answers = (
  ordinal: number,
  changes: { leader?: string; agreed?: boolean } = {},
): Extract<AskedMember, { answer: unknown }> => {
  const list = [0, 1, 2].map((n) => ({
    id: `m${n}`,
    name: `etcd-${n}`,
    peerUrls: [peerUrlOf(n)],
    isLearner: false,
  }));
  return {
    address: `10.0.0.${ordinal}`,
    answer: {
      status: {
        address: `10.0.0.${ordinal}`,
        memberId: `m${ordinal}`,
        clusterId: 'c',
        leader: changes.leader ?? 'm1',
        isLearner: false,
        raftIndex: 10,
        raftTerm: 1,
        version: '3.6.8',
      },
      storage: { dbSize: 1, dbSizeInUse: 1, dbSizeQuota: 1, revision: 1 },
      alarms: [],
      statusMs: 1,
      ...(changes.agreed === false ? {} : { agreed: list }),
      remembered: list,
    },
  };
};
const clock = () => {
  let now = 0;
  return {
    now: () => now,
    sleep: (milliseconds: number) => {
      now += milliseconds;
      // After everything that has an answer already.
      return new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
};

const observed = {
  peerUrls: [0, 1, 2].map(peerUrlOf),
  tasks: [0, 1, 2].map((n) => ({
    ordinal: n,
    taskId: `t${n}`,
    taskArn: `t${n}`,
    state: 'running' as const,
    address: `10.0.0.${n}`,
  })),
  retire: [],
};
const memory = { since: {}, spent: [] };
const optionsAt = () => ({ policy: QUORUM_POLICY, intervalMs: 100, budgetMs: 5_000, clock: clock() });

test('an assessment asks again while there is only something to wait for', async () => {
  let looks = 0;
  const ask = () => {
    looks += 1;
    return Promise.resolve([0, 1, 2].map((n) => answers(n, looks < 3 ? { leader: '0', agreed: false } : {})));
  };
  const deps = { members: { ask, close: () => undefined }, tasks: () => Promise.resolve(observed.tasks) };
  expect(await assess(deps, { observed, memory }, optionsAt())).toMatchObject({ action: { kind: 'none' } });
  expect(looks).toBe(3);
});

test('an assessment sees a loss as soon as the registry hears of it', async () => {
  let looks = 0;
  const tasks = () => {
    looks += 1;
    return Promise.resolve(observed.tasks.slice(0, looks < 3 ? 3 : 1));
  };
  const ask = (addresses: readonly string[]) =>
    Promise.resolve(addresses.map((address) => ({ address, problem: 'connection refused' })));
  const deps = { members: { ask, close: () => undefined }, tasks };
  expect(await assess(deps, { observed, memory }, optionsAt())).toMatchObject({ action: { kind: 'quorum-lost' } });
  expect(looks).toBe(3);
});

test('a member whose task ends while it is asked is not waited for', async () => {
  let looks = 0;
  const tasks = () => {
    looks += 1;
    return Promise.resolve(observed.tasks.slice(0, looks < 2 ? 3 : 1));
  };
  const ask = (addresses: readonly string[]) =>
    addresses.length === 3
      ? new Promise<AskedMember[]>(() => undefined)
      : Promise.resolve(addresses.map((address) => ({ address, problem: 'connection refused' })));
  const deps = { members: { ask, close: () => undefined }, tasks };
  expect(await assess(deps, { observed, memory }, optionsAt())).toMatchObject({ action: { kind: 'quorum-lost' } });
});

const calls: string[] = [];
const connectTo =
  (client: Partial<EtcdClient> = {}) =>
  (address: string) => {
    calls.push(address);
    const told = (name: string) => (id: unknown) => {
      calls.push(`${name} ${String(id)}`);
      return Promise.resolve([]);
    };
    return {
      memberRemove: told('remove'),
      memberPromote: told('promote'),
      moveLeader: told('move'),
      memberAddAsLearner: told('add'),
      close: () => undefined,
      ...client,
    } as unknown as EtcdClient;
  };
const change = (
  what: Parameters<typeof changeMembership>[1],
  asked: AskedMember[],
  client: Partial<EtcdClient> = {},
) => {
  calls.length = 0;
  return changeMembership(connectTo(client), what, asked);
};
const all = [0, 1, 2].map((n) => answers(n));

test('a change is made at the leader', async () => {
  expect(await change({ kind: 'remove-member', memberId: 'm2' }, all)).toMatchObject({ done: true });
  expect(calls).toEqual(['10.0.0.1', 'remove m2']);
  expect(await change({ kind: 'move-leader', from: 'm1', to: 'm0' }, all)).toMatchObject({ done: true });
  expect(calls).toEqual(['10.0.0.1', 'move m0']);
});

test('what is done already is done, what would be wrong is not', async () => {
  expect(await change({ kind: 'add-learner', peerUrl: peerUrlOf(1) }, all)).toMatchObject({ done: true });
  expect(await change({ kind: 'remove-member', memberId: 'm2' }, all.slice(0, 1))).toMatchObject({ done: false });
  expect(calls).toEqual([]);
});

test('without a quorum nothing is changed', async () => {
  const asked = [answers(0, { agreed: false })];
  expect(await change({ kind: 'remove-member', memberId: 'm2' }, asked)).toEqual({
    done: false,
    reason: 'no quorum answers',
  });
});

test('what etcd refuses is a value, what is wrong with us is not', async () => {
  const refuse = () => Promise.reject(new EtcdError('too-few-started', 'unhealthy cluster'));
  expect(await change({ kind: 'remove-member', memberId: 'm2' }, all, { memberRemove: refuse })).toEqual({
    done: false,
    reason: 'unhealthy cluster',
  });
  const broken = () => Promise.reject(new TypeError('x is undefined'));
  await expect(change({ kind: 'remove-member', memberId: 'm2' }, all, { memberRemove: broken })).rejects.toThrow('x');
});

describe('advance-quorum', () => {
  /** etcd with members 0 and 1, and the third as it is changed; its task runs once it has been added. */
  const quorumOfTwo = (third: 'dead' | 'learner') => {
    let list = answers(0).answer.agreed ?? [];
    if (third === 'learner') list = list.map((member) => ({ ...member, isLearner: member.id === 'm2' }));
    const told = (address: string, ordinal: number): AskedMember => {
      const { answer } = answers(ordinal);
      return ordinal === 2 && third === 'dead'
        ? { address, problem: 'connection refused' }
        : { address, answer: { ...answer, agreed: list, remembered: list } };
    };
    const client = {
      memberRemove: (id: string) => {
        calls.push(`remove ${id}`);
        list = list.filter((member) => member.id !== id);
        return Promise.resolve([]);
      },
      memberAddAsLearner: ([url = '']: readonly string[]) => {
        calls.push(`add ${url}`);
        const added = { id: 'm9', name: '', peerUrls: [url], isLearner: true };
        list = [...list, added];
        return Promise.resolve(added);
      },
      memberPromote: (id: string) => {
        calls.push(`promote ${id}`);
        if (calls.length < 6) return Promise.reject(new EtcdError('learner-not-ready', 'not yet'));
        list = list.map((member) => ({ ...member, isLearner: false }));
        return Promise.resolve([]);
      },
    } as unknown as Partial<EtcdClient>;
    const ask = (addresses: readonly string[]) =>
      Promise.resolve(addresses.map((address) => told(address, Number(address.at(-1)))));
    return { members: { ask, close: () => undefined }, connect: connectTo(client), report: () => undefined };
  };
  const turnWith = (count: number) => () =>
    Promise.resolve<Turn>({ ours: true, tasks: observed.tasks.slice(0, count) });

  beforeEach(() => {
    calls.length = 0;
  });

  test('a dead member is removed and added as a learner in one call; starting it is not for etcd', async () => {
    const advanced = await advanceQuorum(
      { ...quorumOfTwo('dead'), turn: turnWith(2) },
      { observed, memory },
      optionsAt(),
    );
    expect(calls).toEqual(['10.0.0.1', 'remove m2', '10.0.0.1', `add ${peerUrlOf(2)}`]);
    expect(advanced).toMatchObject({ action: { kind: 'launch-member', ordinal: 2, memberId: 'm9' } });
    expect(advanced.tasks).toHaveLength(2);
  });

  test('a learner is promoted as soon as its leader says so, and then all is well', async () => {
    const advanced = await advanceQuorum(
      { ...quorumOfTwo('learner'), turn: turnWith(3) },
      { observed, memory },
      optionsAt(),
    );
    expect(calls.filter((call) => call.startsWith('promote'))).toEqual(['promote m2', 'promote m2', 'promote m2']);
    expect(advanced).toMatchObject({ action: { kind: 'none' }, reason: '3 members are healthy' });
  });

  test('who has lost the lock changes nothing more', async () => {
    let looks = 0;
    const turn = (): Promise<Turn> => {
      looks += 1;
      return Promise.resolve(looks === 1 ? { ours: true, tasks: observed.tasks.slice(0, 2) } : { ours: false });
    };
    const advanced = await advanceQuorum({ ...quorumOfTwo('dead'), turn }, { observed, memory }, optionsAt());
    expect(calls).toEqual(['10.0.0.1', 'remove m2']);
    expect(advanced).toMatchObject({ action: { kind: 'wait' }, reason: 'the metadata lock is not ours any more' });
  });

  test('what etcd goes on refusing is waited for, and then given back', async () => {
    const quorum = quorumOfTwo('dead');
    const refuse = () => Promise.reject(new EtcdError('too-few-started', 'unhealthy cluster'));
    const connect = connectTo({ memberRemove: refuse });
    const options = optionsAt();
    const advanced = await advanceQuorum({ ...quorum, connect, turn: turnWith(2) }, { observed, memory }, options);
    expect(advanced).toMatchObject({ action: { kind: 'wait' }, reason: 'unhealthy cluster' });
    expect(calls.length).toBeGreaterThan(10);
    // The machine reckons with it: it waits for a second itself, and has forty-five minutes.
    expect(options.clock.now()).toBeGreaterThanOrEqual(options.budgetMs - options.intervalMs);
  });
});
