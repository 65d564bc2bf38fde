/**
 * Archives as people see them through the API. Then those that must not be restored, met where machines meet them: a bootstrap
 * that is told to restore one refuses it and opens nothing; a recovery names each of them, takes the newest one that is whole,
 * and changes nothing where there is none.
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
import { callApi } from '../../local/stack/api.ts';
import { describeStack } from '../../local/stack/deploy.ts';
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

/** Taken by the machine, without the flush that the API asks Milvus for before it starts it. */
async function takeArchive(): Promise<string> {
  const { status, output } = await stack.ended(
    await stack.start('archive-metadata', { cluster: source.name }),
    ENDED_MS,
  );
  expect(status).toBe('SUCCEEDED');
  return (output as { archive: { name: string } }).archive.name;
}

beforeAll(async () => {
  source = await formBare(stack, 'source', 1);
  const writer = new Writer(source.quorum, 'archived');
  writer.start();
  await writer.more(200);
  await writer.stop();
  const archive = await takeArchive();
  const store = await stack.archives(source.name);
  const { checksum, ...rest } = await loadManifest(store, archive, { cluster: source.name, now: new Date() });
  content = rest;
  expect(content.parts).toHaveLength(1);
  body = (await store.get(partKey(archive, 'part-00000'))) ?? Buffer.alloc(0);
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

describe('through the API', () => {
  let apiUrl: string;
  /** Newest first. */
  let names: readonly string[];
  let written: readonly string[];
  const asked = (method: 'GET' | 'POST', path: string) =>
    callApi(stack.settings, apiUrl, { method, path: `/clusters/${source.name}${path}` });

  beforeAll(async () => {
    ({ apiUrl } = await describeStack(stack.settings));
    const writer = new Writer(source.quorum, 'later');
    writer.start();
    await writer.more(5);
    await writer.stop();
    written = [...writer.acknowledged.keys()];
    names = [await takeArchive(), content.name];
  });

  test('they are listed, page by page', async () => {
    const { status, body } = await asked('GET', '/archives');
    const { archives, unusable } = body as { archives: { name: string; verifiedAt: string }[]; unusable: unknown[] };
    expect({ status, unusable }).toEqual({ status: 200, unusable: [] });
    // The schedule may have taken one too.
    expect(archives.map(({ name }) => name)).toEqual(expect.arrayContaining([...names]));
    const first = await asked('GET', '/archives?limit=1');
    expect(first.body).toMatchObject({
      archives: [archives[0]?.name].map((name) => ({ name })),
      next: archives[0]?.name,
    });
    const second = await asked('GET', `/archives?limit=1&before=${archives[0]?.name ?? ''}`);
    expect(second.body).toMatchObject({ archives: [{ name: archives[1]?.name }] });
  });

  test('one is shown, and read through', async () => {
    const shown = await asked('GET', `/archives/${content.name}`);
    expect(shown).toMatchObject({
      status: 200,
      body: { name: content.name, keys: content.keys, revision: content.revision, undoes: false },
    });
    const verified = await asked('POST', `/archives/${content.name}/verify`);
    expect(verified).toMatchObject({
      status: 200,
      body: { kind: 'verify', status: 'SUCCEEDED', result: { archive: content.name, keys: content.keys } },
    });
  });

  test('two are compared: the keys that were written between them', async () => {
    const [to = '', from = ''] = names;
    const compared = await asked('GET', `/archives/compare?from=${from}&to=${to}`);
    expect(compared).toMatchObject({ status: 200, body: { kind: 'compare', status: 'SUCCEEDED' } });
    const { counts, first } = (compared.body as { result: { counts: object; first: { added: string[] } } }).result;
    expect(counts).toEqual({ added: expect.any(Number) as number, removed: 0, changed: 0 });
    expect(first.added).toEqual(expect.arrayContaining([...written]));
  });

  test.each([
    ['GET', (name: string) => `/archives/${name}`],
    ['POST', (name: string) => `/archives/${name}/verify`],
    ['GET', (name: string) => `/archives/compare?from=${content.name}&to=${name}`],
  ] as const)('%s of one that is not there is a 404', async (method, path) => {
    const name = archiveName(new Date(Date.parse(content.createdAt) - DAY_MS), content.revision);
    expect(await asked(method, path(name))).toMatchObject({ status: 404, body: { code: 'archive_not_found' } });
  });

  test('one that was truncated is listed as unusable, and shown and verified as such', async () => {
    const store = await stack.archives(source.name);
    const name = archiveName(new Date(Date.parse(content.createdAt) - DAY_MS), content.revision);
    await store.put(manifestKey(name), body.subarray(0, 20));
    try {
      const { body: list } = await asked('GET', '/archives');
      expect((list as { unusable: unknown[] }).unusable).toEqual([expect.objectContaining({ name })]);
      expect(await asked('GET', `/archives/${name}`)).toMatchObject({
        status: 409,
        body: { code: 'archive_unusable' },
      });
      expect(await asked('POST', `/archives/${name}/verify`)).toMatchObject({
        body: { status: 'FAILED', error: 'ArchiveUnusable' },
      });
    } finally {
      await store.remove([manifestKey(name)]);
    }
  });
});

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
  // Whoever took them.
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
