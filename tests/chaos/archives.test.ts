/**
 * Archives that must not be restored, met where machines meet them: a bootstrap that is told to restore one refuses it and
 * opens nothing; a recovery names each of them, takes the newest one that is whole, and changes nothing where there is none.
 */
import {
  encodeManifest,
  archiveName,
  manifestKey,
  partKey,
  type ManifestContent,
} from '../../functions/common/archive/manifest.ts';
import { listArchives, loadManifest } from '../../functions/common/archive/read.ts';
import type { ObjectStore } from '../../functions/common/archive/store/store.ts';
import { formBare, planBare, type Bare } from './bare.ts';
import { etcd } from './quorum.ts';
import { recoveries } from './recovered.ts';
import { Stack } from './stack.ts';
import { Writer } from './writer.ts';

const stack = new Stack();
const ENDED_MS = 120_000;
let source: Bare;
const targets: Bare[] = [];
/** Of a good archive: its manifest without the checksum, and its only part. */
let content: ManifestContent;
let body: Buffer;

beforeAll(async () => {
  source = await formBare(stack, 'source', 1);
  const writer = new Writer(source.quorum, 'archived');
  writer.start();
  await writer.more(200);
  await writer.stop();
  const { status, output } = await stack.ended(
    await stack.start('archive-metadata', { cluster: source.name }),
    ENDED_MS,
  );
  expect(status).toBe('SUCCEEDED');
  const { archive } = output as { archive: { name: string } };
  const store = await stack.archives(source.name);
  const { checksum, ...rest } = await loadManifest(store, archive.name, { cluster: source.name, now: new Date() });
  content = rest;
  expect(content.parts).toHaveLength(1);
  body = (await store.get(partKey(archive.name, 'part-00000'))) ?? Buffer.alloc(0);
});
afterAll(() => Promise.all([source, ...targets].map((bare) => bare.remove())));

type Change = (manifest: ManifestContent, part: Buffer) => readonly [manifest: ManifestContent, part: Buffer];
const DAY_MS = 24 * 60 * 60_000;

function flipped(part: Buffer): Buffer {
  const copy = Buffer.from(part);
  copy.writeUInt8(copy.readUInt8(copy.length >> 1) ^ 1, copy.length >> 1);
  return copy;
}

const BAD: Readonly<Record<string, { readonly change: Change; readonly says: RegExp }>> = {
  tampered: { change: (manifest, part) => [manifest, flipped(part)], says: /is not what was written/ },
  truncated: { change: (manifest, part) => [manifest, part.subarray(0, part.length >> 1)], says: /bytes of/ },
  empty: {
    change: (manifest, part) => [{ ...manifest, keys: 0, bytes: 0, parts: [] }, part],
    says: /holds no key/,
  },
  foreign: { change: (manifest, part) => [{ ...manifest, cluster: 'another' }, part], says: /is of cluster another/ },
  future: {
    change: (manifest, part) => [{ ...manifest, createdAt: new Date(Date.now() + DAY_MS).toISOString() }, part],
    says: /in the future/,
  },
};

/** Puts the archive, changed, under the name that its time gives it; `age` in milliseconds keeps names apart. */
async function put(store: ObjectStore, cluster: string, age: number, change: Change): Promise<string> {
  const createdAt = new Date(Date.parse(content.createdAt) + age).toISOString();
  const [manifest, part] = change({ ...content, cluster, createdAt }, body);
  const name = archiveName(new Date(manifest.createdAt), manifest.revision);
  await store.put(partKey(name, 'part-00000'), part);
  await store.put(manifestKey(name), encodeManifest({ ...manifest, name }).bytes);
  return name;
}

test.each(Object.entries(BAD))('a bootstrap refuses an archive that is %s', async (kind, { change, says }) => {
  const target = await planBare(stack, kind, 1);
  targets.push(target);
  const archive = await put(await stack.archives(target.name), target.name, 1, change);
  const execution = await target.bootstrap({ restore: { archive, revision: content.revision } });
  const { status, error, cause } = await stack.ended(execution, ENDED_MS);
  expect({ status, error, cause }).toMatchObject({ status: 'FAILED', error: 'ArchiveUnusable' });
  expect(cause).toMatch(says);
  const { metadataOpen, phase } = await target.record();
  expect({ metadataOpen, phase, addresses: await target.quorum.registered() }).toEqual({
    metadataOpen: false,
    phase: 'creating',
    addresses: [],
  });
  const [member] = await target.quorum.members();
  const { kvs = [] } = (await etcd(member?.address ?? '', 'kv/range', {
    key: Buffer.from([0]).toString('base64'),
    range_end: Buffer.from([0]).toString('base64'),
    keys_only: true,
  })) as { kvs?: { key: string }[] };
  const keys = kvs.map(({ key }) => Buffer.from(key, 'base64').toString());
  expect(keys.filter((key) => !key.startsWith('_redkite/'))).toEqual([]);
});

test('a recovery takes the newest archive that is whole, says what is wrong with the others, and without one changes nothing', async () => {
  const store = await stack.archives(source.name);
  const good = content.name;
  const bad = Object.entries(BAD);
  const goodManifest = (await store.get(manifestKey(good))) ?? Buffer.alloc(0);
  // The schedule may have taken one too.
  const { usable } = await listArchives(store, { cluster: source.name, now: new Date() });
  await store.remove(usable.map(({ name }) => manifestKey(name)));
  await Promise.all(bad.map(([, { change }], index) => put(store, source.name, index + 1, change)));
  const before = await recoveries(stack, source.name);
  const victims = await source.quorum.members();
  const { generation } = await source.record();
  await Promise.all(victims.map((victim) => source.quorum.kill(victim)));
  const execution = await stack.begun('recover-quorum', source.name, before, ENDED_MS);
  expect(await stack.ended(execution, ENDED_MS)).toMatchObject({ status: 'FAILED', error: 'NothingToRestore' });
  const record = await source.record();
  expect({ phase: record.phase, generation: record.generation }).toEqual({ phase: 'awake', generation });
  expect(record.conditions.MetadataReady).toMatchObject({ status: 'False', reason: 'NothingToRestore' });
  expect(await source.quorum.members()).toEqual([]);

  await store.put(manifestKey(good), goodManifest);
  const dryRun = await stack.start('recover-quorum', { cluster: source.name, dryRun: true });
  const { status, output } = await stack.ended(dryRun, ENDED_MS);
  expect({ status, output }).toMatchObject({
    status: 'SUCCEEDED',
    output: { verdict: 'recover', source: { kind: 'archive', name: good } },
  });
  const { notes } = output as { notes: string[] };
  for (const [, { says }] of bad) expect(notes).toContainEqual(expect.stringMatching(says));
  expect((await source.record()).generation).toBe(generation);
});
