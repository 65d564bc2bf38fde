/** Every archive that must not be used is refused, and says why. */
import fc from 'fast-check';
import { compareArchives } from '../../../functions/common/archive/compare.ts';
import {
  archiveName,
  isArchiveName,
  manifestKey,
  partKey,
  verifiedKey,
} from '../../../functions/common/archive/manifest.ts';
import {
  listArchives,
  loadManifest,
  readArchive,
  removeArchive,
  verifyArchive,
} from '../../../functions/common/archive/read.ts';
import { recordsIn } from '../../../functions/common/archive/records.ts';
import { CREATED, EXPECTED, archiveOf, catalogArbitrary, recordsOfCatalog, type Catalog } from './arbitraries.ts';
import { memoryStore } from './memory-store.ts';

const CATALOG: Catalog = new Map(Array.from({ length: 8 }, (_, n) => [`by-dev/${n}`, Buffer.from(`value ${n}`)]));

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Changes one thing of an object that is there. */
function spoil(store: ReturnType<typeof memoryStore>, key: string, change: (bytes: Buffer) => Buffer) {
  const bytes = store.objects.get(key);
  if (bytes === undefined) throw new Error(`no ${key}`);
  store.objects.set(key, change(Buffer.from(bytes)));
}
const flip = (bytes: Buffer) => {
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  return bytes;
};
const edit = (from: string | RegExp, to: string) => (bytes: Buffer) => Buffer.from(bytes.toString().replace(from, to));

describe('archives', () => {
  test('are read as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(catalogArbitrary, fc.integer({ min: 1, max: 10 }), async (catalog, recordsAPart) => {
        fc.pre(catalog.size > 0);
        const store = memoryStore();
        const manifest = await archiveOf(store, catalog, { recordsAPart });
        expect(await collect(recordsIn(readArchive(store, manifest)))).toEqual(recordsOfCatalog(catalog));
        expect((await verifyArchive(store, manifest.name, EXPECTED)).manifest).toEqual(manifest);
      }),
      { numRuns: 30 },
    );
  });

  test('have names that sort by time, then by revision', () => {
    const at = (time: string, revision: number) => archiveName(new Date(time), revision);
    const names = [
      at('2026-03-01T12:00:00.000Z', 99),
      at('2026-03-01T12:00:00.000Z', 100),
      at('2026-03-01T12:00:00.001Z', 1),
      at('2026-11-01T00:00:00.000Z', 5),
    ];
    expect(names.toSorted()).toEqual(names);
    expect(names.every(isArchiveName)).toBe(true);
  });

  const part = (name: string) => partKey(name, 'part-00001');
  test.each([
    ['a flipped bit', 'tampered', part, flip],
    ['a part that was cut off', 'truncated', part, (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
    ['a part of nothing', 'truncated', part, () => Buffer.alloc(0)],
    ['a part that has grown', 'tampered', part, (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)])],
    ['an empty manifest', 'truncated', manifestKey, () => Buffer.alloc(0)],
    ['half a manifest', 'truncated', manifestKey, (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['another number of keys', 'tampered', manifestKey, edit('"keys": 8', '"keys": 9')],
    ['another revision', 'tampered', manifestKey, edit('"revision": 7', '"revision": 8')],
    ['another Milvus', 'tampered', manifestKey, edit('2.3.5', '2.3.4')],
    ['a field that is gone', 'tampered', manifestKey, edit(/"leasedKeys".*\n/, '')],
    ['a newer format', 'future', manifestKey, edit('redkite-archive/1', 'redkite-archive/2')],
    ['a format of something else', 'foreign', manifestKey, edit('redkite-archive/1', 'velero/1')],
    ['JSON of something else', 'foreign', manifestKey, () => Buffer.from('[]')],
  ] as const)('%s is %s', async (_what, problem, keyOf, change) => {
    const store = memoryStore();
    const { name } = await archiveOf(store, CATALOG);
    spoil(store, keyOf(name), change);
    const before = new Map(store.objects);
    await expect(verifyArchive(store, name, EXPECTED)).rejects.toMatchObject({ name: 'ArchiveUnusable', problem });
    expect(store.objects).toEqual(before);
  });

  test.each([
    ['of another cluster', 'foreign', { cluster: 'other' }],
    ['from the future', 'future', { createdAt: '2026-03-02T12:00:00.000Z' }],
    ['with a name that is not its own', 'tampered', { name: archiveName(CREATED, 8) }],
    ['with another hash of its records', 'tampered', { recordsSha256: '0'.repeat(64) }],
    ['with a sum that is wrong', 'tampered', { keys: 9 }],
  ] as const)('one %s is %s', async (_what, problem, changes) => {
    const store = memoryStore();
    const { name } = await archiveOf(store, CATALOG, changes);
    await expect(verifyArchive(store, name, EXPECTED)).rejects.toMatchObject({ name: 'ArchiveUnusable', problem });
  });

  test('one without keys, without a part or without a manifest is refused', async () => {
    const store = memoryStore();
    const empty = await archiveOf(store, new Map());
    await expect(loadManifest(store, empty.name, EXPECTED)).rejects.toMatchObject({ problem: 'empty' });
    const whole = await archiveOf(store, CATALOG);
    store.objects.delete(part(whole.name));
    await expect(verifyArchive(store, whole.name, EXPECTED)).rejects.toMatchObject({ problem: 'truncated' });
    await expect(loadManifest(store, archiveName(CREATED, 99), EXPECTED)).rejects.toMatchObject({ problem: 'missing' });
  });

  test('parts of one archive do not pass in another', async () => {
    const store = memoryStore();
    const one = await archiveOf(store, CATALOG);
    const other = await archiveOf(
      store,
      new Map([...CATALOG].map(([key, value]) => [key, Buffer.from(value.toString().toUpperCase())])),
      {
        revision: 8,
      },
    );
    store.objects.set(part(one.name), store.objects.get(part(other.name)) ?? Buffer.alloc(0));
    await expect(verifyArchive(store, one.name, EXPECTED)).rejects.toMatchObject({ problem: 'tampered' });
  });
});

describe('the list', () => {
  test('tells usable, refused and unfinished archives apart, and which were verified', async () => {
    const store = memoryStore();
    const good = await archiveOf(store, CATALOG, { revision: 1 });
    const verified = await archiveOf(store, CATALOG, { revision: 2 });
    const spoiled = await archiveOf(store, CATALOG, { revision: 3 });
    const unfinished = await archiveOf(store, CATALOG, { revision: 4 });
    await verifyArchive(store, verified.name, EXPECTED);
    spoil(store, manifestKey(spoiled.name), edit('2.3.5', '2.3.4'));
    store.objects.delete(manifestKey(unfinished.name));
    await store.put('archives/notes.txt', Buffer.from('of a person'));
    const archives = await listArchives(store, EXPECTED);
    expect(archives.usable).toEqual([
      { name: good.name, manifest: good },
      { name: verified.name, manifest: verified, verifiedAt: EXPECTED.now.toISOString() },
    ]);
    expect(archives.unusable).toMatchObject([{ name: spoiled.name, error: { problem: 'tampered' } }]);
    expect(archives.unfinished).toEqual([unfinished.name]);
  });

  test('a proof of another archive under the same name does not count', async () => {
    const store = memoryStore();
    const { name } = await archiveOf(store, CATALOG);
    await verifyArchive(store, name, EXPECTED);
    await archiveOf(store, new Map([['k', Buffer.from('v')]]));
    expect((await listArchives(store, EXPECTED)).usable[0]).not.toHaveProperty('verifiedAt');
    await store.put(verifiedKey(name), Buffer.from('{'));
    expect((await listArchives(store, EXPECTED)).usable[0]).not.toHaveProperty('verifiedAt');
  });

  test('a removed archive leaves nothing', async () => {
    const store = memoryStore();
    const { name } = await archiveOf(store, CATALOG);
    await verifyArchive(store, name, EXPECTED);
    await removeArchive(store, name);
    expect(store.objects.size).toBe(0);
  });
});

test('the comparison of two archives is the difference of their keys', async () => {
  await fc.assert(
    fc.asyncProperty(catalogArbitrary, catalogArbitrary, async (before, after) => {
      fc.pre(before.size > 0 && after.size > 0);
      const store = memoryStore();
      const one = await archiveOf(store, before, { revision: 1, recordsAPart: 2 });
      const other = await archiveOf(store, after, { revision: 2, recordsAPart: 5 });
      const found = await collect(compareArchives(readArchive(store, one), readArchive(store, other)));
      const expected = [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
        const [was, is] = [before.get(key), after.get(key)];
        if (was !== undefined && is !== undefined) return was.equals(is) ? [] : [{ kind: 'changed', key }];
        return [{ kind: was === undefined ? 'added' : 'removed', key }];
      });
      expect(found.map(({ kind, key }) => ({ kind, key: key.toString('latin1') }))).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});
