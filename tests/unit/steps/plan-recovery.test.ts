/** What a recovery that nobody chose finds in the bucket, when not all of it is whole. */
import { encodeSegment } from '../../../functions/common/archive/segment.ts';
import { partKey, partName } from '../../../functions/common/archive/manifest.ts';
import { planRecovery } from '../../../functions/plan-recovery/plan.ts';
import { archiveOf } from '../archive/arbitraries.ts';
import { memoryStore } from '../archive/memory-store.ts';

const CATALOG = new Map([['demo/meta/x', Buffer.from('v')]]);
const minute = (minutes: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + minutes * 60_000).toISOString();
const NOW = new Date(minute(66));

/** An archive at 12:00 (revision 7) with its log up to 12:59, one at 13:00 (revision 20) with its log up to 13:05. */
async function world() {
  const store = memoryStore();
  const first = await archiveOf(store, CATALOG);
  const second = await archiveOf(store, CATALOG, { createdAt: minute(60), revision: 20 });
  const segments: string[] = [];
  let previous: string | null = null;
  for (const [from, to, at] of [
    [8, 12, 30],
    [13, 19, 59],
    [21, 22, 61],
    [23, 25, 65],
  ] as const) {
    if (from === 21) previous = null;
    const change = { revision: to, kind: 'put' as const, key: Buffer.from('demo/meta/y'), value: Buffer.from('w') };
    const head = { cluster: 'demo', history: 'history-1', from, to, previous, asOf: minute(at), complete: true };
    const segment: Awaited<ReturnType<typeof encodeSegment>> = await encodeSegment(head, [change]);
    await store.put(segment.key, segment.bytes);
    segments.push(segment.key);
    previous = segment.sha256;
  }
  const plan = (now = NOW) =>
    planRecovery(
      {
        store,
        objects: memoryStore(),
        connect: () => {
          throw new Error('nobody is there');
        },
      },
      'demo',
      [],
      now,
    );
  const poison = (key = '') => store.objects.set(key, Buffer.from('poison'));
  return { store, first, second, segments, plan, poison };
}

test('the newest archive and all of its log', async () => {
  const { second, plan } = await world();
  expect(await plan()).toMatchObject({
    source: { name: second.name, revision: 25, asOf: minute(65) },
    lostMs: 60_000,
    notes: [],
  });
});

test('a damaged segment costs what comes after it, and no more', async () => {
  const { second, segments, plan, poison } = await world();
  poison(segments[3]);
  expect(await plan()).toMatchObject({
    source: { name: second.name, revision: 22, asOf: minute(61) },
    notes: [expect.stringContaining(segments[3] ?? '')],
  });
});

test('a damaged archive costs what came after the log of the one before', async () => {
  const { first, second, plan, poison } = await world();
  poison(partKey(second.name, partName(0)));
  expect(await plan()).toMatchObject({
    source: { name: first.name, revision: 19, asOf: minute(59) },
    notes: [expect.stringContaining(second.name), expect.stringContaining('gap')],
  });
});

test('a state older than what Milvus tolerates is compared with the bucket, and restored even if that cannot be done', async () => {
  const { store, second, plan } = await world();
  const later = new Date(minute(600));
  expect(await plan(later)).toMatchObject({
    source: { name: second.name, revision: 25 },
    notes: [expect.stringContaining('older than the 3 h'), expect.stringContaining('All 0 files')],
  });
  const strange = new Map([['demo/meta/datacoord-meta/s/1/2/3', Buffer.from('no message of Milvus')]]);
  const newest = await archiveOf(store, strange, { createdAt: minute(70), revision: 30 });
  expect(await plan(later)).toMatchObject({
    verdict: 'recover',
    source: { name: newest.name },
    notes: [expect.any(String), expect.stringContaining('could not be found out')],
  });
});
