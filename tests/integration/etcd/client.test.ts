/** The client against real etcd: what a fake would only repeat. */
import {
  connectEtcd,
  END_OF_KEYS,
  FIRST_KEY,
  isEtcdError,
  type EtcdClient,
} from '../../../functions/common/etcd/client.ts';
import { startEtcd, type EtcdQuorum } from '../../fixtures/etcd.ts';

const kindOf = (call: Promise<unknown>) =>
  call.then(
    () => 'no error',
    (error: unknown) => (isEtcdError(error) ? error.kind : error),
  );

describe('one member', () => {
  let quorum: EtcdQuorum;
  let client: EtcdClient;
  beforeAll(async () => {
    quorum = await startEtcd({ flags: ['--quota-backend-bytes=16777216'] });
    client = quorum.client;
  });
  afterAll(() => quorum.close());
  beforeEach(() => client.deleteRange({ key: FIRST_KEY, rangeEnd: END_OF_KEYS }));

  test('tells its status', async () => {
    const status = await client.status();
    expect(status).toMatchObject({ isLearner: false, leader: status.memberId, errors: [] });
    expect(status.version).toMatch(/^3\.6\./);
    expect(status.dbSize).toBeGreaterThan(0);
    const [member] = await client.memberList({ linearizable: true });
    expect(member).toMatchObject({ id: status.memberId, name: 'etcd-0', peerUrls: [quorum.members[0]?.peerUrl] });
  });

  test('keeps keys and values as bytes, and reads at a revision', async () => {
    const value = Buffer.of(0, 255, 128, 10);
    const { revision } = await client.put({ key: Buffer.of(1, 2, 0), value });
    await client.put({ key: Buffer.of(1, 2, 0), value: 'later' });
    const { kvs, count } = await client.range({ key: Buffer.of(1, 2, 0), revision });
    expect(count).toBe(1);
    expect(kvs).toEqual([
      { key: Buffer.of(1, 2, 0), value, createRevision: revision, modRevision: revision, version: 1, lease: '0' },
    ]);
    expect(await client.get('nothing')).toBeUndefined();
  });

  test('transactions compare, also whole ranges', async () => {
    const create = {
      compare: [{ key: 'a', rangeEnd: 'b', target: 'createRevision', is: 'equal', to: 0 }],
      success: [{ put: { key: 'a1', value: 'x' } }],
      failure: [{ range: { key: 'a', rangeEnd: 'b' } }],
    } as const;
    expect(await client.txn(create)).toMatchObject({ succeeded: true, answers: [{ put: true }] });
    const second = await client.txn(create);
    expect(second.succeeded).toBe(false);
    expect(second.answers).toMatchObject([{ range: { count: 1, kvs: [{ key: Buffer.from('a1') }] } }]);
    const erased = await client.txn({
      compare: [{ key: 'a1', target: 'value', is: 'equal', to: 'x' }],
      success: [{ delete: { key: 'a1' } }],
    });
    expect(erased.answers).toEqual([{ delete: { deleted: 1 } }]);
  });

  test('a watch begins in the past, brings what happens, and stops with its reader', async () => {
    const { revision } = await client.put({ key: 'w', value: '1' });
    await client.deleteRange({ key: 'w' });
    const seen: [string, string, number][] = [];
    for await (const { events } of client.watch({ key: 'w', startRevision: revision })) {
      for (const { type, kv } of events) seen.push([type, kv.value.toString(), kv.modRevision - revision]);
      if (seen.length === 2) await client.put({ key: 'w', value: '2' });
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([
      ['put', '1', 0],
      ['delete', '', 1],
      ['put', '2', 2],
    ]);
  });

  test('a watch ends by its signal', async () => {
    const stop = new AbortController();
    const reading = (async () => {
      for await (const batch of client.watch({ key: 'w', signal: stop.signal })) expect(batch).toBeUndefined();
    })();
    stop.abort();
    expect(await kindOf(reading)).toBe('cancelled');
  });

  test('compacted and future revisions are told apart', async () => {
    await client.put({ key: 'c', value: '1' });
    const { revision } = await client.put({ key: 'c', value: '2' });
    await client.compact(revision);
    expect(await kindOf(client.range({ key: 'c', revision: revision - 1 }))).toBe('compacted');
    expect(await kindOf(client.range({ key: 'c', revision: revision + 100 }))).toBe('future-revision');
    const watching = client.watch({ key: 'c', startRevision: revision - 1 }).next();
    await expect(watching).rejects.toMatchObject({ kind: 'compacted', compactRevision: revision });
    const hash = await client.hashKv();
    expect(hash).toMatchObject({ compactRevision: revision, hashRevision: revision });
  });

  test('leases are listed, and their keys go with them', async () => {
    const lease = await client.leaseGrant(600);
    await client.put({ key: 'session', value: 'x', lease });
    expect((await client.range({ key: 'session' })).kvs[0]?.lease).toBe(lease);
    expect(await client.leases()).toEqual([lease]);
    await client.leaseRevoke(lease);
    expect(await client.get('session')).toBeUndefined();
    expect(await kindOf(client.leaseRevoke(lease))).toBe('lease-not-found');
  });

  test('refusals have a kind', async () => {
    expect(await kindOf(client.memberRemove('42'))).toBe('member-not-found');
    expect(await kindOf(client.put({ key: 'big', value: Buffer.alloc(2 * 1024 * 1024) }))).toBe('too-large');
    const puts = Array.from({ length: 129 }, (_, index) => ({ put: { key: `k${index}`, value: '' } }));
    expect(await kindOf(client.txn({ success: puts }))).toBe('too-many-operations');
    const twice = [{ put: { key: 'k', value: '' } }, { put: { key: 'k', value: '' } }];
    expect(await kindOf(client.txn({ success: twice }))).toBe('duplicate-key');
  });

  test('a full database says so, and writes again after room was made and the alarm cleared', async () => {
    const value = Buffer.alloc(1024 * 1024, 'x');
    let kind: unknown;
    for (let index = 0; index < 40 && kind !== 'no-space'; index += 1) {
      kind = await kindOf(client.put({ key: 'fill', value }));
    }
    expect(kind).toBe('no-space');
    const alarms = await client.alarms();
    expect(alarms).toEqual([{ memberId: (await client.status()).memberId, alarm: 'NOSPACE' }]);
    await client.compact((await client.range({ key: 'fill' })).revision);
    await client.defragment();
    for (const alarm of alarms) await client.disarm(alarm);
    expect(await kindOf(client.put({ key: 'fill', value: 'small' }))).toBe('no error');
    expect(await client.alarms()).toEqual([]);
  });
});

describe('three members', () => {
  let quorum: EtcdQuorum;
  beforeAll(async () => {
    quorum = await startEtcd({ members: 3 });
  });
  afterAll(() => quorum.close());

  const leaderOf = async () => {
    const { leader } = await quorum.client.status();
    const members = await quorum.client.memberList({ linearizable: true });
    const index = quorum.members.findIndex(({ name }) => name === members.find(({ id }) => id === leader)?.name);
    const member = quorum.members[index];
    if (member === undefined) throw new Error('no leader');
    return member;
  };

  test('the leader can be moved, by the leader only', async () => {
    const leader = await leaderOf();
    const members = await quorum.client.memberList({ linearizable: true });
    const other = members.find(({ name }) => name !== leader.name);
    const follower = connectEtcd(other?.clientUrls.map((url) => url.slice('http://'.length)) ?? [], {
      timeoutMs: 5_000,
    });
    const leading = connectEtcd([leader.endpoint], { timeoutMs: 5_000 });
    try {
      expect(await kindOf(follower.moveLeader(other?.id ?? ''))).toBe('not-leader');
      await leading.moveLeader(other?.id ?? '');
      expect((await follower.status()).leader).toBe(other?.id);
    } finally {
      follower.close();
      leading.close();
    }
  });

  test('a read goes on with the members that are left', async () => {
    await quorum.client.put({ key: 'k', value: 'v' });
    const [first] = quorum.members;
    await first?.stop();
    expect((await quorum.client.get('k'))?.toString()).toBe('v');
    first?.start();
    await quorum.ready();
  });

  test('a lost member is replaced by a learner under a new address', async () => {
    const members = await quorum.client.memberList({ linearizable: true });
    const leader = await leaderOf();
    const lost = quorum.members.find((member) => member !== leader);
    await lost?.stop();
    const client = connectEtcd(
      quorum.members.filter((member) => member !== lost).map(({ endpoint }) => endpoint),
      { timeoutMs: 10_000 },
    );
    const fresh = await quorum.newMember('etcd-new');
    try {
      // etcd counts a member in five seconds after it has connected again: the test before this one restarted one.
      const connected = Date.now() + 15_000;
      const counted = async (change: () => Promise<unknown>): Promise<unknown> => {
        let kind: unknown = 'too-few-started';
        while (kind === 'too-few-started' && Date.now() < connected) kind = await kindOf(change());
        return kind;
      };
      const lostId = members.find(({ name }) => name === lost?.name)?.id ?? '';
      expect(await counted(() => client.memberRemove(lostId))).toBe('no error');
      expect(await counted(() => client.memberAddAsLearner([fresh.peerUrl]))).toBe('no error');
      const added = (await client.memberList({ linearizable: true })).find(({ isLearner }) => isLearner);
      if (added === undefined) throw new Error('the learner is no member');
      expect(added).toMatchObject({ name: '', isLearner: true, peerUrls: [fresh.peerUrl] });
      // The id is made of the address and the second: within one second etcd finds the id first.
      expect(['peer-url-exists', 'member-exists']).toContain(await kindOf(client.memberAddAsLearner([fresh.peerUrl])));
      expect(await kindOf(client.memberPromote(added.id))).toBe('learner-not-ready');
      await fresh.startExisting();
      const deadline = Date.now() + 20_000;
      let kind: unknown = 'learner-not-ready';
      while (kind !== 'no error' && Date.now() < deadline) {
        kind = await kindOf(client.memberPromote(added.id));
        // A learner may be in sync before the quorum counts it as connected: both are asked again.
        expect(['no error', 'learner-not-ready', 'too-few-started']).toContain(kind);
      }
      expect(kind).toBe('no error');
      expect((await client.memberList({ linearizable: true })).filter(({ isLearner }) => !isLearner)).toHaveLength(3);
    } finally {
      client.close();
    }
  });

  test('without a quorum a member still answers from its own data, and says that it has no leader', async () => {
    const fresh = await startEtcd({ members: 3, token: 'alone' });
    try {
      await fresh.client.put({ key: 'k', value: 'v' });
      const [survivor, ...others] = fresh.members;
      const client = connectEtcd([survivor?.endpoint ?? ''], { timeoutMs: 3_000 });
      try {
        await Promise.all(others.map((member) => member.stop()));
        const deadline = Date.now() + 15_000;
        while ((await client.status()).leader !== '0' && Date.now() < deadline) await new Promise(setImmediate);
        expect(await kindOf(client.range({ key: 'k' }))).toBe('no-leader');
        expect(await kindOf(client.put({ key: 'k', value: 'w' }))).toBe('no-leader');
        expect((await client.get('k', { serializable: true }))?.toString()).toBe('v');
        await Promise.all(fresh.members.map((member) => member.stop()));
        expect(await kindOf(client.status())).toBe('unavailable');
      } finally {
        client.close();
      }
    } finally {
      await fresh.close();
    }
  });
});
