/** The change log: segments, their chain, and what comes out of an archive and the changes after it. */
import fc from 'fast-check';
import { changeOf, lastPoint, listSegments, segmentsToRemove } from '../../../functions/common/archive/changes.ts';
import { chainOf, replay } from '../../../functions/common/archive/replay.ts';
import { recordsIn } from '../../../functions/common/archive/records.ts';
import {
  decodeSegment,
  encodeSegment,
  parseSegmentKey,
  segmentKey,
  type Change,
  type Segment,
} from '../../../functions/common/archive/segment.ts';
import { archiveOf, catalogArbitrary, keyArbitrary, recordsOfCatalog, valueArbitrary } from './arbitraries.ts';
import { memoryStore } from './memory-store.ts';

const OF = { cluster: 'demo', history: 'history-1' };
const START = 7;
const timeOf = (revision: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + revision * 60_000).toISOString();

interface Written {
  readonly store: ReturnType<typeof memoryStore>;
  readonly keys: readonly string[];
}

/** One change a revision from 8 on, cut into segments of these lengths. */
async function writeLog(changes: readonly Change[], cuts: readonly number[]): Promise<Written> {
  const store = memoryStore();
  const keys: string[] = [];
  let previous: string | null = null;
  let done = 0;
  for (const cut of [...cuts, changes.length]) {
    const some = changes.slice(done, done + cut);
    if (some.length === 0) continue;
    const from = START + done + 1;
    const to = START + done + some.length;
    const segment = await encodeSegment({ ...OF, from, to, previous, asOf: timeOf(to), complete: true }, some);
    await store.put(segment.key, segment.bytes);
    keys.push(segment.key);
    previous = segment.sha256;
    done += some.length;
  }
  return { store, keys };
}

const changesArbitrary = fc
  .array(
    fc.record({ kind: fc.constantFrom('put' as const, 'delete' as const), key: keyArbitrary, value: valueArbitrary }),
    {
      maxLength: 40,
    },
  )
  .map((changes) =>
    changes.map((change, index): Change => ({
      ...change,
      value: change.kind === 'put' ? change.value : Buffer.alloc(0),
      revision: START + index + 1,
    })),
  );
const cutsArbitrary = fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 8 });

const THREE: Change[] = ['a', 'b', 'c'].map((name, index) => ({
  revision: START + index + 1,
  kind: 'put',
  key: Buffer.from(name),
  value: Buffer.from('new'),
}));

describe('segments', () => {
  test('come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(changesArbitrary, async (changes) => {
        fc.pre(changes.length > 0);
        const { store, keys } = await writeLog(changes, []);
        const segment = await decodeSegment(keys[0] ?? '', (await store.get(keys[0] ?? '')) ?? Buffer.alloc(0), OF);
        expect(segment.changes).toEqual(changes);
        expect(parseSegmentKey(segment.key)).toMatchObject({ from: START + 1, to: START + changes.length });
      }),
      { numRuns: 50 },
    );
  });

  test('one without changes (sessions only) still carries its revisions', async () => {
    const { key, bytes } = await encodeSegment(
      { ...OF, from: 8, to: 20, previous: null, asOf: timeOf(1), complete: true },
      [],
    );
    expect(await decodeSegment(key, bytes, OF)).toMatchObject({ head: { from: 8, to: 20 }, changes: [] });
  });

  const flip = (bytes: Buffer) => {
    bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
    return bytes;
  };
  test.each([
    ['nothing', 'truncated', () => Buffer.alloc(0), OF],
    ['half of it', 'truncated', (bytes: Buffer) => bytes.subarray(0, 40), OF],
    ['a flipped bit', 'tampered', flip, OF],
    ['something after it', 'tampered', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(1)]), OF],
    [
      'another format',
      'foreign',
      (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('redkite', 'redkyte'), 'latin1'),
      OF,
    ],
    [
      'a newer format',
      'future',
      (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('changes/1', 'changes/2'), 'latin1'),
      OF,
    ],
    ['another cluster', 'foreign', (bytes: Buffer) => bytes, { ...OF, cluster: 'other' }],
    ['another history', 'foreign', (bytes: Buffer) => bytes, { ...OF, history: 'other' }],
  ] as const)('%s is %s', async (_what, problem, change, expected) => {
    const { store, keys } = await writeLog(THREE, []);
    const [key = ''] = keys;
    const spoiled = change(Buffer.from(store.objects.get(key) ?? Buffer.alloc(0)));
    await expect(decodeSegment(key, spoiled, expected)).rejects.toMatchObject({ name: 'ArchiveUnusable', problem });
  });
});

describe('what counts as a change', () => {
  const kv = {
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    createRevision: 1,
    modRevision: 9,
    version: 1,
    lease: '0',
  };
  test.each([
    ['a put', { type: 'put', kv }, { revision: 9, kind: 'put', key: kv.key, value: kv.value }],
    ['a delete', { type: 'delete', kv }, { revision: 9, kind: 'delete', key: kv.key, value: Buffer.alloc(0) }],
    [
      'a put with a lease removes the key',
      { type: 'put', kv: { ...kv, lease: '7' } },
      { revision: 9, kind: 'delete', key: kv.key, value: Buffer.alloc(0) },
    ],
    ['our own key is none', { type: 'put', kv: { ...kv, key: Buffer.from('_redkite/history') } }, undefined],
  ] as const)('%s', (_what, event, change) => {
    expect(changeOf(event)).toEqual(change);
  });
});

describe('replay', () => {
  test('an archive and its changes give the catalog of every revision', async () => {
    await fc.assert(
      fc.asyncProperty(
        catalogArbitrary,
        changesArbitrary,
        cutsArbitrary,
        fc.nat(),
        async (catalog, changes, cuts, pick) => {
          fc.pre(catalog.size > 0);
          const { store } = await writeLog(changes, cuts);
          const manifest = await archiveOf(store, catalog);
          const revision = START + (pick % (changes.length + 1));
          const expected = new Map(catalog);
          for (const change of changes) {
            if (change.revision > revision) break;
            if (change.kind === 'put') expected.set(change.key.toString('latin1'), change.value);
            else expected.delete(change.key.toString('latin1'));
          }
          const replayed = await replay(store, manifest, { revision });
          const found = [];
          for await (const record of recordsIn(replayed.blocks())) found.push(record);
          expect(found).toEqual(recordsOfCatalog(expected));
          expect(replayed.revision).toBe(revision);
        },
      ),
      { numRuns: 60 },
    );
  });

  const CATALOG = new Map([['a', Buffer.from('old')]]);

  test('without a target goes as far as the log does', async () => {
    const { store } = await writeLog(THREE, [1, 1, 1]);
    const replayed = await replay(store, await archiveOf(store, CATALOG));
    expect(replayed).toMatchObject({ revision: 10, asOf: timeOf(10), changes: 3, segments: 3 });
  });

  test('to a time takes what was shipped by then', async () => {
    const { store } = await writeLog(THREE, [1, 1, 1]);
    const replayed = await replay(store, await archiveOf(store, CATALOG), { time: timeOf(9) });
    expect(replayed).toMatchObject({ revision: 9, asOf: timeOf(9), segments: 2 });
  });

  test('a log that begins before the archive is used from there', async () => {
    const { store } = await writeLog(THREE, [2]);
    const replayed = await replay(store, await archiveOf(store, CATALOG, { revision: START + 1 }));
    expect(replayed).toMatchObject({ revision: 10, changes: 2 });
  });

  test('a survivor that knew no history stands alone', async () => {
    const { store } = await writeLog(THREE, []);
    expect(await replay(store, await archiveOf(store, CATALOG, { history: null }))).toMatchObject({ revision: START });
  });

  test('a gap in the log is refused, and up to the gap it can be used', async () => {
    const { store, keys } = await writeLog(THREE, [1, 1, 1]);
    const manifest = await archiveOf(store, CATALOG);
    store.objects.delete(keys[1] ?? '');
    await expect(replay(store, manifest)).rejects.toMatchObject({ name: 'ArchiveUnusable', problem: 'gap' });
    expect(await replay(store, manifest, { revision: START + 1 })).toMatchObject({ changes: 1 });
  });

  test('a log that begins after the archive is a gap', async () => {
    const { store, keys } = await writeLog(THREE, [1]);
    store.objects.delete(keys[0] ?? '');
    await expect(replay(store, await archiveOf(store, CATALOG))).rejects.toMatchObject({ problem: 'gap' });
  });

  test('a segment that stands where another one was does not fit', async () => {
    const { store, keys } = await writeLog(THREE, [1, 1, 1]);
    const other = await encodeSegment(
      { ...OF, from: 9, to: 9, previous: null, asOf: timeOf(9), complete: true },
      THREE.slice(1, 2),
    );
    store.objects.delete(keys[1] ?? '');
    await store.put(other.key, other.bytes);
    await expect(replay(store, await archiveOf(store, CATALOG))).rejects.toMatchObject({ problem: 'gap' });
  });

  const spoil = ({ store, keys }: Written, index: number) => {
    const bytes = Buffer.from(store.objects.get(keys[index] ?? '') ?? []);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    store.objects.set(keys[index] ?? '', bytes);
  };

  test.each([
    ['the last segment', 2, START + 2],
    ['one in the middle', 1, START + 1],
    ['the first one', 0, START],
  ])('%s is damaged: refused, or used up to there and said', async (_what, index, revision) => {
    const written = await writeLog(THREE, [1, 1, 1]);
    const manifest = await archiveOf(written.store, CATALOG);
    spoil(written, index);
    await expect(replay(written.store, manifest)).rejects.toMatchObject({ problem: 'tampered' });
    const replayed = await replay(written.store, manifest, { asFarAsWhole: true });
    expect(replayed).toMatchObject({ revision, changes: index, segments: index });
    expect(replayed.damage[0]).toMatchObject({ problem: 'tampered' });
    // As the restore asks for it, after the plan has said how far it goes.
    expect(await replay(written.store, manifest, { revision })).toMatchObject({ revision, changes: index });
    await expect(replay(written.store, manifest, { revision: revision + 1 })).rejects.toMatchObject({
      name: 'ArchiveUnusable',
    });
  });

  test('what is damaged behind a moment does not keep anybody from it', async () => {
    const written = await writeLog(THREE, [1, 1, 1]);
    const manifest = await archiveOf(written.store, CATALOG);
    spoil(written, 2);
    expect(await replay(written.store, manifest, { time: timeOf(8) })).toMatchObject({ revision: 8, segments: 1 });
    await expect(replay(written.store, manifest, { time: timeOf(9) })).rejects.toMatchObject({ problem: 'tampered' });
  });

  test('however many shippers there were and whatever is damaged: true up to as far as anything whole leads', async () => {
    const shipment = fc.record({ after: fc.nat(), length: fc.integer({ min: 1, max: 12 }), broken: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        catalogArbitrary,
        changesArbitrary,
        fc.array(shipment, { maxLength: 12 }),
        async (catalog, changes, shipments) => {
          fc.pre(catalog.size > 0);
          const store = memoryStore();
          const manifest = await archiveOf(store, catalog);
          // Each shipper goes on from where it believes the log to end: from any segment, or from the archive.
          const ends: { to: number; sha256: string | null; whole: boolean }[] = [
            { to: START, sha256: null, whole: true },
          ];
          for (const { after, length, broken } of shipments) {
            const end = ends[after % ends.length] ?? { to: START, sha256: null, whole: true };
            const some = changes.filter(({ revision }) => revision > end.to && revision <= end.to + length);
            const to = some.at(-1)?.revision;
            if (to === undefined) continue;
            const facts = { ...OF, from: end.to + 1, to, previous: end.sha256, asOf: timeOf(to), complete: true };
            const { key, bytes, sha256 } = await encodeSegment(facts, some);
            const known = store.objects.get(key);
            // The very same segment, shipped again.
            if (known !== undefined) continue;
            await store.put(key, broken ? bytes.subarray(0, bytes.length - 1) : bytes);
            ends.push({ to, sha256, whole: end.whole && !broken });
          }
          const reach = Math.max(...ends.filter(({ whole }) => whole).map(({ to }) => to));
          const replayed = await replay(store, manifest, { asFarAsWhole: true });
          expect(replayed.revision).toBe(reach);
          const expected = new Map(catalog);
          for (const { kind, key, value } of changes.filter(({ revision }) => revision <= reach)) {
            if (kind === 'put') expected.set(key.toString('latin1'), value);
            else expected.delete(key.toString('latin1'));
          }
          const found = [];
          for await (const record of recordsIn(replayed.blocks())) found.push(record);
          expect(found).toEqual(recordsOfCatalog(expected));
          // What the plan says is what the restore asks for.
          expect(await replay(store, manifest, { revision: reach })).toMatchObject({ revision: reach });
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a stranger beside the log does no harm', async () => {
    const { store } = await writeLog(THREE, [1, 1, 1]);
    const manifest = await archiveOf(store, CATALOG);
    store.objects.set(segmentKey({ history: OF.history, from: 8, to: 99 }, 'f'.repeat(64)), Buffer.from('poison'));
    expect(await replay(store, manifest, { asFarAsWhole: true })).toMatchObject({ revision: 10, changes: 3 });
    expect(await replay(store, manifest, { revision: 10 })).toMatchObject({ revision: 10, changes: 3 });
    expect(await replay(store, manifest, { time: timeOf(9) })).toMatchObject({ revision: 9 });
  });

  test.each([
    ['before the archive', { revision: START - 1 }, 'future'],
    ['before the archive', { time: '2026-03-01T11:00:00.000Z' }, 'future'],
    ['behind the log', { revision: 99 }, 'gap'],
  ] as const)('a target %s is refused', async (_what, target, problem) => {
    const { store } = await writeLog(THREE, []);
    await expect(replay(store, await archiveOf(store, CATALOG), target)).rejects.toMatchObject({ problem });
  });

  test('two shippers at once: the way that reaches furthest is taken', async () => {
    const { store, keys } = await writeLog(THREE, []);
    const short = await encodeSegment(
      { ...OF, from: 8, to: 9, previous: null, asOf: timeOf(9), complete: true },
      THREE.slice(0, 2),
    );
    await store.put(short.key, short.bytes);
    const segments: Segment[] = [];
    for (const { key } of await listSegments(store, OF.history)) {
      segments.push(await decodeSegment(key, (await store.get(key)) ?? Buffer.alloc(0), OF));
    }
    expect(chainOf(segments, START).chain.map(({ key }) => key)).toEqual(keys);
    expect(await lastPoint(store, 'demo', { history: OF.history, revision: START })).toMatchObject({ revision: 10 });
  });

  test('the log of an archive without segments begins at the archive', async () => {
    const begin = { history: 'history-1', revision: 50 };
    expect(await lastPoint(memoryStore(), 'demo', begin)).toEqual({ ...begin, sha256: null });
    const { store } = await writeLog(THREE, []);
    expect(await lastPoint(store, 'demo', begin)).toEqual({ ...begin, sha256: null });
  });

  test('segments go when no kept archive needs them', async () => {
    const { store } = await writeLog(THREE, [1, 1, 1]);
    const segments = await listSegments(store, OF.history);
    expect(segmentsToRemove(segments, 9).map(({ to }) => to)).toEqual([8, 9]);
    expect(segmentsToRemove(segments, undefined)).toHaveLength(3);
  });
});
