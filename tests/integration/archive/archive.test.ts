/** Archives and change logs of a real etcd: one revision, whatever is written meanwhile. */
import { lastPoint, shipChanges, type ChangePoint } from '../../../functions/common/archive/changes.ts';
import type { Manifest } from '../../../functions/common/archive/manifest.ts';
import { listArchives, verifyArchive } from '../../../functions/common/archive/read.ts';
import { recordsIn } from '../../../functions/common/archive/records.ts';
import { replay } from '../../../functions/common/archive/replay.ts';
import type { ObjectStore } from '../../../functions/common/archive/store/store.ts';
import { writeArchive, type WriteOptions } from '../../../functions/common/archive/write.ts';
import { MOST_ANSWER_BYTES } from '../../../functions/common/etcd/channels.ts';
import { connectEtcd, END_OF_KEYS, FIRST_KEY, type EtcdClient } from '../../../functions/common/etcd/client.ts';
import { catalogIn, catalogOf, fieldKey, fill, temporaryStore } from '../../fixtures/archive.ts';
import { startEtcd, type EtcdQuorum } from '../../fixtures/etcd.ts';

const CLUSTER = 'demo';
const now = () => new Date();
const expected = () => ({ cluster: CLUSTER, now: now() });

let quorum: EtcdQuorum;
let client: EtcdClient;
let store: ReturnType<typeof temporaryStore>;
beforeAll(async () => {
  quorum = await startEtcd();
  client = quorum.client;
});
afterAll(() => quorum.close());
beforeEach(async () => {
  store = temporaryStore();
  await client.deleteRange({ key: FIRST_KEY, rangeEnd: END_OF_KEYS });
});
afterEach(() => {
  store.clear();
});

const archive = (options: Partial<WriteOptions> = {}, to: ObjectStore = store) =>
  writeArchive(client, to, { cluster: CLUSTER, milvusVersion: '2.3.5', mode: 'linearizable', now: now(), ...options });

describe('archives', () => {
  test('hold every key without a lease, and say what they are', async () => {
    await fill(client, 3_000);
    const lease = await client.leaseGrant(600);
    await client.put({ key: 'by-dev/meta/session/rootcoord', value: 'here', lease });
    await client.put({ key: 'empty', value: '' });
    const status = await client.status();
    const manifest = await archive({ pageBytes: 50_000, partBytes: 100_000 });
    expect(manifest).toMatchObject({
      cluster: CLUSTER,
      keys: 3_001,
      leasedKeys: 1,
      etcdVersion: status.version,
      etcdClusterId: status.clusterId,
      milvusVersion: '2.3.5',
      read: 'linearizable',
    });
    expect(manifest.parts.length).toBeGreaterThan(3);
    expect(await catalogIn(store, manifest)).toEqual(await catalogOf(client));
    await verifyArchive(store, manifest.name, expected());
    expect((await listArchives(store, expected())).usable).toMatchObject([{ name: manifest.name }]);
    await client.leaseRevoke(lease);
  });

  test('large values behind many small ones do not fill the memory', async () => {
    await fill(client, 3_000, 20);
    const value = Buffer.alloc(1024 * 1024, 'v');
    for (let index = 0; index < 60; index += 1) await client.put({ key: `large/${index}`, value });
    const manifest = await archive();
    expect(manifest.keys).toBe(3_060);
    for (const { name, bytes } of manifest.parts) expect([name, bytes < MOST_ANSWER_BYTES]).toEqual([name, true]);
    await verifyArchive(store, manifest.name, expected());
  });

  test('are of one revision, whatever is written meanwhile', async () => {
    await fill(client, 2_000);
    let before: Map<string, string> | undefined;
    const spying: ObjectStore = {
      ...store,
      // With the first part the revision is fixed.
      put: async (key, body) => {
        if (before === undefined) {
          before = await catalogOf(client);
          await fill(client, 1_000, 10, 1_500);
          await client.deleteRange({ key: fieldKey(1_000), rangeEnd: fieldKey(1_200) });
        }
        await store.put(key, body);
      },
    };
    const manifest = await archive({ pageBytes: 20_000, partBytes: 20_000, partsInFlight: 1 }, spying);
    expect(await catalogIn(store, manifest)).toEqual(before);
  });

  test('the same catalog has the same hash, however it is cut and wherever it lives', async () => {
    await fill(client, 1_000);
    const one = await archive();
    const other = await archive({ pageBytes: 10_000, partBytes: 10_000 });
    expect(other.parts.length).toBeGreaterThan(one.parts.length);
    expect(other.recordsSha256).toBe(one.recordsSha256);
  });

  test('one that fails half-way does not exist', async () => {
    await fill(client, 2_000);
    let parts = 0;
    const failing: ObjectStore = {
      ...store,
      put: (key, body) => {
        parts += 1;
        return parts > 2 ? Promise.reject(new Error('no such bucket')) : store.put(key, body);
      },
    };
    await expect(archive({ pageBytes: 20_000, partBytes: 20_000 }, failing)).rejects.toThrow('no such bucket');
    const archives = await listArchives(store, expected());
    expect(archives).toMatchObject({ usable: [], unusable: [] });
    expect(archives.unfinished).toHaveLength(1);
  });

  test('one that compaction overtakes says so, and does not exist', async () => {
    await fill(client, 2_000);
    let compacted = false;
    const compacting: ObjectStore = {
      ...store,
      put: async (key, body) => {
        if (!compacted) {
          compacted = true;
          await fill(client, 10);
          await client.compact((await client.range({ key: FIRST_KEY })).revision);
        }
        await store.put(key, body);
      },
    };
    const writing = archive({ pageBytes: 20_000, partBytes: 20_000, partsInFlight: 1 }, compacting);
    await expect(writing).rejects.toMatchObject({ kind: 'compacted' });
    expect((await listArchives(store, expected())).usable).toEqual([]);
  });

  test('an empty quorum is not archived over what there is', async () => {
    await expect(archive()).rejects.toMatchObject({ name: 'NothingToArchive' });
  });

  test('a survivor without a quorum gives what it has', async () => {
    const lost = await startEtcd({ members: 3, token: 'survivor' });
    const survivor = connectEtcd([lost.endpoints[0] ?? ''], { timeoutMs: 5_000 });
    try {
      await fill(lost.client, 500);
      const healthy = await writeArchive(lost.client, store, {
        cluster: CLUSTER,
        milvusVersion: '2.3.5',
        mode: 'linearizable',
        now: now(),
      });
      await lost.client.put({ key: 'later', value: 'than the archive' });
      const { revision } = await lost.client.range({ key: 'later' });
      // The survivor may be the one that has not heard yet.
      while ((await survivor.range({ key: 'later', serializable: true })).revision < revision);
      await Promise.all(lost.members.slice(1).map((member) => member.stop()));
      const manifest = await writeArchive(survivor, store, {
        cluster: CLUSTER,
        milvusVersion: '2.3.5',
        mode: 'serializable',
        now: now(),
      });
      expect(manifest).toMatchObject({ read: 'serializable', keys: 501, history: healthy.history, revision });
    } finally {
      survivor.close();
      await lost.close();
    }
  });
});

describe('the change log', () => {
  const begin = (manifest: Manifest): ChangePoint => ({
    history: manifest.history ?? '',
    revision: manifest.revision,
    sha256: null,
  });
  const ship = (after: ChangePoint, segmentBytes = 1_000_000) =>
    shipChanges(client, store, { cluster: CLUSTER, after, now, segmentBytes });
  const replayed = async (manifest: Manifest) => {
    const { blocks } = await replay(store, manifest);
    const found = new Map<string, string>();
    for await (const { key, value } of recordsIn(blocks())) found.set(key.toString('latin1'), value.toString('base64'));
    return found;
  };

  test('an archive and the log after it give what the quorum holds', async () => {
    await fill(client, 500);
    const manifest = await archive();
    const lease = await client.leaseGrant(600);
    await fill(client, 300, 20, 400);
    await client.deleteRange({ key: fieldKey(10), rangeEnd: fieldKey(60) });
    const first = await ship(begin(manifest));
    expect(first).toMatchObject({ outcome: 'shipped', complete: true });
    if (first.outcome !== 'shipped') return;
    await client.put({ key: fieldKey(0), value: 'now of a session', lease });
    await client.put({ key: 'session', value: 'x', lease });
    await client.put({ key: fieldKey(1), value: 'changed' });
    const second = await ship(first.point);
    expect(second).toMatchObject({ outcome: 'shipped', changes: 3 });
    const catalog = await catalogOf(client);
    expect(catalog.has(fieldKey(0))).toBe(false);
    expect(await replayed(manifest)).toEqual(catalog);
    expect(await ship(second.outcome === 'shipped' ? second.point : first.point)).toMatchObject({
      outcome: 'up-to-date',
    });
    expect(await lastPoint(store, CLUSTER, { history: manifest.history ?? '', revision: manifest.revision })).toEqual(
      second.outcome === 'shipped' ? second.point : undefined,
    );
    await client.leaseRevoke(lease);
  });

  test('a long log is cut between revisions, and goes on in the next segment', async () => {
    await fill(client, 10);
    const manifest = await archive();
    await fill(client, 5_000);
    const shipped = await ship(begin(manifest), 50_000);
    expect(shipped).toMatchObject({ outcome: 'shipped', changes: 5_000, complete: true });
    expect(shipped.outcome === 'shipped' && shipped.segments.length).toBeGreaterThan(5);
    expect(await replayed(manifest)).toEqual(await catalogOf(client));
  });

  test('large transactions come in fragments and stay whole', async () => {
    await fill(client, 10);
    const manifest = await archive();
    for (let round = 0; round < 4; round += 1) await fill(client, 128, 10_000, round * 128);
    const shipped = await ship(begin(manifest), 1);
    expect(shipped).toMatchObject({ outcome: 'shipped', changes: 512 });
    expect(await replayed(manifest)).toEqual(await catalogOf(client));
  });

  test('what was compacted away needs an archive', async () => {
    await fill(client, 10);
    const manifest = await archive();
    await fill(client, 500);
    await client.compact((await client.range({ key: FIRST_KEY })).revision);
    expect(await ship(begin(manifest))).toMatchObject({ outcome: 'needs-archive' });
  });

  test('a delete that compaction may have forgotten needs an archive too', async () => {
    await fill(client, 10);
    const manifest = await archive();
    const { revision } = await client.deleteRange({ key: fieldKey(3) });
    expect(revision).toBe(manifest.revision + 1);
    await client.compact(revision);
    expect(await ship(begin(manifest))).toMatchObject({ outcome: 'needs-archive' });
  });

  test('another quorum needs an archive, whatever its revision', async () => {
    await fill(client, 10);
    const manifest = await archive();
    const other = await startEtcd({ token: 'other' });
    try {
      await fill(other.client, 100, 10);
      const { revision } = await other.client.range({ key: FIRST_KEY });
      const after = { ...begin(manifest), revision: revision - 1 };
      expect(await shipChanges(other.client, store, { cluster: CLUSTER, after, now })).toEqual({
        outcome: 'needs-archive',
        reason: 'the quorum was made or restored since the log was begun',
      });
    } finally {
      await other.close();
    }
    expect(await ship({ ...begin(manifest), revision: 1_000_000 })).toMatchObject({ outcome: 'needs-archive' });
  });
});
