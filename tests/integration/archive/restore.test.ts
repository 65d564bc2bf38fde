/** Restore into a real quorum: exactly what the archive holds, or nothing that anybody may open. */
import { shipChanges } from '../../../functions/common/archive/changes.ts';
import type { Manifest } from '../../../functions/common/archive/manifest.ts';
import { partKey } from '../../../functions/common/archive/manifest.ts';
import { restore, type RestoreOptions, type RestoreSource } from '../../../functions/common/archive/restore.ts';
import { archiveSource, replaySource } from '../../../functions/common/archive/sources.ts';
import { writeArchive } from '../../../functions/common/archive/write.ts';
import type { EtcdClient } from '../../../functions/common/etcd/client.ts';
import { systemClock } from '../../../functions/common/lambda/polling.ts';
import { ETCD } from '../../../functions/common/releases/profiles.ts';
import { restoreMetadata } from '../../../functions/restore-metadata/restore.ts';
import { catalogIn, catalogOf, fieldKey, fill, temporaryStore } from '../../fixtures/archive.ts';
import { startEtcd, type EtcdQuorum } from '../../fixtures/etcd.ts';

const KEYS = 20_000;
const store = temporaryStore();
let manifest: Manifest;
let later: { revision: number; time: string; catalog: Map<string, string> };
let latest: Map<string, string>;

beforeAll(async () => {
  const source = await startEtcd();
  try {
    const { client } = source;
    await fill(client, KEYS, 60);
    const now = () => new Date();
    manifest = await writeArchive(client, store, {
      ...{ cluster: 'demo', milvusVersion: '2.3.5', mode: 'linearizable', now: now() },
      ...{ pageBytes: 200_000, partBytes: 200_000 },
    });
    let point = { history: manifest.history ?? '', revision: manifest.revision, sha256: null as string | null };
    const ship = async () => {
      const shipped = await shipChanges(client, store, { cluster: 'demo', after: point, now });
      if (shipped.outcome !== 'shipped') throw new Error(shipped.outcome);
      point = shipped.point;
      return shipped;
    };
    await fill(client, 500, 30, KEYS - 100);
    await client.deleteRange({ key: fieldKey(5), rangeEnd: fieldKey(50) });
    const { asOf } = await ship();
    later = { revision: point.revision, time: asOf, catalog: await catalogOf(client) };
    await client.put({ key: 'dropped by mistake', value: 'x' });
    await client.deleteRange({ key: fieldKey(1_000), rangeEnd: fieldKey(2_000) });
    await ship();
    latest = await catalogOf(client);
  } finally {
    await source.close();
  }
});
afterAll(() => {
  store.clear();
});

async function withQuorum(members: 1 | 3, use: (quorum: EtcdQuorum) => Promise<void>): Promise<void> {
  const quorum = await startEtcd({ members });
  try {
    await use(quorum);
  } finally {
    await quorum.close();
  }
}

const options = (changes: Partial<RestoreOptions> = {}): RestoreOptions => ({
  clock: systemClock,
  deadline: Date.now() + 60_000,
  ...changes,
});
const source = () => archiveSource(store, manifest);
const leftovers = async (client: EtcdClient) =>
  (await client.range({ key: '_redkite/', rangeEnd: '_redkite0' })).kvs.map(({ key }) => key.toString());

/** Lets the first `blocks` parts through, then does something. */
function interrupted(of: RestoreSource, blocks: number, then: () => Promise<void> | void): RestoreSource {
  return {
    ...of,
    blocks: async function* () {
      let passed = 0;
      for await (const block of of.blocks()) {
        if (passed === blocks) await then();
        passed += 1;
        yield block;
      }
    },
  };
}

test('three members hold exactly what the archive does, and nothing of the work stays', () =>
  withQuorum(3, async ({ client }) => {
    const result = await restore(client, source(), options());
    expect(result).toMatchObject({
      done: true,
      already: false,
      resumed: false,
      keys: KEYS,
      sha256: manifest.recordsSha256,
    });
    expect(await catalogOf(client)).toEqual(await catalogIn(store, manifest));
    expect(await leftovers(client)).toEqual(['_redkite/restored']);
    // The answer may have been lost on its way.
    expect(await restore(client, source(), options())).toMatchObject({ done: true, already: true, keys: KEYS });
  }));

test('a restore that was cut off goes on where it was, and writes nothing twice', () =>
  withQuorum(1, async ({ client }) => {
    const dying = interrupted(source(), 3, () => {
      throw new Error('the function ended');
    });
    await expect(restore(client, dying, options())).rejects.toThrow('the function ended');
    const { kvs } = await client.range({ key: fieldKey(0), rangeEnd: fieldKey(KEYS), limit: 100_000 });
    expect(kvs.length).toBeGreaterThan(0);
    expect(kvs.length).toBeLessThan(KEYS);
    expect(await restore(client, source(), options())).toMatchObject({ done: true, resumed: true, keys: KEYS });
    const after = await client.range({ key: fieldKey(0), rangeEnd: fieldKey(KEYS), limit: 100_000 });
    expect(after.kvs.filter(({ version }) => version !== 1)).toEqual([]);
  }));

test('at its deadline it stops, and a later call ends it', () =>
  withQuorum(1, async ({ client }) => {
    let now = 0;
    const clock = { now: () => now, sleep: systemClock.sleep };
    const slow = interrupted(source(), 2, () => {
      now = 1_000;
    });
    expect(await restore(client, slow, options({ clock, deadline: 500 }))).toMatchObject({
      done: false,
      step: 'write',
    });
    expect(await restore(client, source(), options())).toMatchObject({ done: true, resumed: true, keys: KEYS });
  }));

test('members that are gone for good do not keep a call until its deadline', () =>
  withQuorum(1, async (quorum) => {
    const killing = interrupted(source(), 3, async () => {
      await quorum.members[0]?.stop();
    });
    const result = await restore(quorum.client, killing, options({ deadline: Infinity, silenceMs: 500 }));
    expect(result).toMatchObject({ done: false, step: 'write' });
  }));

test('two at once do the work of one', () =>
  withQuorum(1, async ({ client }) => {
    const results = await Promise.all([restore(client, source(), options()), restore(client, source(), options())]);
    for (const result of results) expect(result).toMatchObject({ done: true, keys: KEYS });
    const { kvs } = await client.range({ key: fieldKey(0), rangeEnd: fieldKey(KEYS), limit: 100_000 });
    expect(kvs.filter(({ version }) => version !== 1)).toEqual([]);
    expect(kvs).toHaveLength(KEYS);
  }));

test('a member that dies meanwhile stops nothing', () =>
  withQuorum(3, async (quorum) => {
    const killing = interrupted(source(), 3, async () => {
      const { leader } = await quorum.client.status();
      const members = await quorum.client.memberList({ linearizable: true });
      const name = members.find(({ id }) => id === leader)?.name;
      await quorum.members.find((member) => member.name === name)?.stop();
    });
    expect(await restore(quorum.client, killing, options())).toMatchObject({ done: true, keys: KEYS });
    expect(await catalogOf(quorum.client)).toEqual(await catalogIn(store, manifest));
  }));

test.each([
  ['the last revision', () => ({}), () => latest],
  ['a revision', () => ({ revision: later.revision }), () => later.catalog],
  ['a time', () => ({ time: later.time }), () => later.catalog],
])('archive and change log together give the catalog of %s', (_what, target, catalog) =>
  withQuorum(1, async ({ client }) => {
    const replayed = await replaySource(store, manifest, target());
    expect(await restore(client, replayed, options())).toMatchObject({ done: true, keys: catalog().size });
    expect(await catalogOf(client)).toEqual(catalog());
  }),
);

test('a quorum that is in use is refused and stays as it is', () =>
  withQuorum(1, async ({ client }) => {
    await client.put({ key: 'by-dev/meta', value: 'of somebody' });
    await expect(restore(client, source(), options())).rejects.toMatchObject({ name: 'QuorumNotEmpty' });
    expect([...(await catalogOf(client)).keys()]).toEqual(['by-dev/meta']);
    expect(await leftovers(client)).toEqual([]);
  }));

test('a quorum that something else is restored into is refused', () =>
  withQuorum(1, async ({ client }) => {
    const dying = interrupted(source(), 1, () => {
      throw new Error('the function ended');
    });
    await expect(restore(client, dying, options())).rejects.toThrow('the function ended');
    await expect(restore(client, { ...source(), id: 'another' }, options())).rejects.toMatchObject({
      name: 'QuorumNotEmpty',
      message: expect.stringContaining(manifest.name) as string,
    });
  }));

test('an archive that is spoiled is never called restored', () =>
  withQuorum(1, async ({ client }) => {
    const key = partKey(manifest.name, 'part-00002');
    const spoiled = { ...store, get: async (wanted: string) => (wanted === key ? undefined : store.get(wanted)) };
    await expect(restore(client, archiveSource(spoiled, manifest), options())).rejects.toMatchObject({
      name: 'ArchiveUnusable',
    });
    expect(await leftovers(client)).toContain('_redkite/restore/marker');
  }));

test('a key that somebody else writes meanwhile is found', () =>
  withQuorum(1, async ({ client }) => {
    const disturbed = interrupted(source(), 3, async () => {
      await client.put({ key: 'surprise', value: 'x' });
    });
    await expect(restore(client, disturbed, options())).rejects.toMatchObject({ name: 'RestoreNotVerified' });
    expect(await leftovers(client)).not.toContain('_redkite/restored');
  }));

test('settings that etcd refuses can be corrected', () =>
  withQuorum(1, async ({ client }) => {
    const large = { limits: { puts: 1_000, bytes: 500_000 }, lanes: 4 };
    await expect(restore(client, source(), options(large))).rejects.toMatchObject({ kind: 'too-many-operations' });
    expect(await restore(client, source(), options())).toMatchObject({ done: true, keys: KEYS });
  }));

test.each([
  ['as members are started now', [`--max-txn-ops=${ETCD.maxTxnOps}`], 1_000],
  ['as an earlier deployment started them', [], 127],
])('members %s are filled by transactions as large as they take', async (_, flags, puts) => {
  const quorum = await startEtcd({ flags });
  try {
    const request = { cluster: 'demo', archive: manifest.name, revision: manifest.revision };
    const deps = { store, etcd: quorum.client, clock: systemClock };
    const result = await restoreMetadata(deps, request, 60_000);
    if (!result.done) throw new Error(result.reason);
    expect(result).toMatchObject({ keys: KEYS, sha256: manifest.recordsSha256 });
    // Each part of the archive ends with a transaction that is not full.
    expect(result.transactions).toBeLessThan(KEYS / puts + manifest.parts.length + 1);
    expect(result.transactions).toBeGreaterThanOrEqual(KEYS / puts);
  } finally {
    await quorum.close();
  }
});
