/** What people choose is found, or refused with the reason, before anything is stopped. */
import { encodeSegment } from '../../../functions/common/archive/segment.ts';
import { manifestKey, partKey, partName } from '../../../functions/common/archive/manifest.ts';
import { planRestore } from '../../../functions/plan-recovery/plan-restore.ts';
import { archiveOf } from '../archive/arbitraries.ts';
import { memoryStore } from '../archive/memory-store.ts';

const NOW = new Date('2026-03-01T14:00:00.000Z');
const CATALOG = new Map([['demo/meta/x', Buffer.from('v')]]);
const minute = (minutes: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + minutes * 60_000).toISOString();

/** An archive at 12:00 (revision 7) and one at 13:00 (revision 20), with the log between them up to 12:10 and after it up to 13:05. */
async function world() {
  const store = memoryStore();
  const first = await archiveOf(store, CATALOG);
  const second = await archiveOf(store, CATALOG, { createdAt: minute(60), revision: 20 });
  let previous: string | null = null;
  for (const [from, to, at] of [
    [8, 9, 5],
    [10, 12, 10],
    [21, 25, 65],
  ] as const) {
    const change = { revision: to, kind: 'put' as const, key: Buffer.from('demo/meta/y'), value: Buffer.from('w') };
    const head = { cluster: 'demo', history: 'history-1', from, to, previous, asOf: minute(at), complete: true };
    const segment: Awaited<ReturnType<typeof encodeSegment>> = await encodeSegment(head, [change]);
    await store.put(segment.key, segment.bytes);
    previous = segment.sha256;
  }
  const plan = (choice: { archive: string } | { time: string }) =>
    planRestore(
      {
        store,
        objects: memoryStore(),
        connect: () => {
          throw new Error('nobody is there');
        },
      },
      { cluster: 'demo', choice, allowMissing: false, endpoints: [], members: 3 },
      NOW,
    );
  return { store, first, second, plan };
}

test('an archive by its name', async () => {
  const { first, plan } = await world();
  expect(await plan({ archive: first.name })).toMatchObject({
    verdict: 'recover',
    source: { kind: 'archive', name: first.name, revision: 7, asOf: minute(0) },
    present: { kind: 'none', reason: 'no member runs' },
  });
});

test.each([
  ['right at an archive', 0, 7, 0],
  ['before the first segment', 4, 7, 0],
  ['right at a segment', 5, 9, 5],
  ['between two', 9, 9, 5],
  ['in a silence that ends with an archive', 40, 12, 10],
  ['after the second archive', 65, 25, 65],
])('a moment %s', async (_, minutes, revision, asOf) => {
  const { plan } = await world();
  expect(await plan({ time: minute(minutes) })).toMatchObject({ source: { revision, asOf: minute(asOf) } });
});

test.each([
  ['before every archive', -1, 'missing', /no archive from before .*; the oldest is from 2026-03-01T12:00/],
  ['later than the log', 70, 'future', /reaches to 2026-03-01T13:05:00.000Z/],
  ['in the future', 121, 'future', /is in the future/],
])('a moment %s is refused', async (_, minutes, problem, message) => {
  const { plan } = await world();
  await expect(plan({ time: minute(minutes) })).rejects.toMatchObject({
    name: 'ArchiveUnusable',
    problem,
    message: expect.stringMatching(message) as string,
  });
});

test.each<[string, (w: Awaited<ReturnType<typeof world>>) => void, string]>([
  ['without its manifest', ({ store, first }) => store.objects.delete(manifestKey(first.name)), 'missing'],
  ['without a part', ({ store, first }) => store.objects.delete(partKey(first.name, partName(0))), 'truncated'],
  [
    'with a part of another one',
    ({ store, first }) => {
      const key = partKey(first.name, partName(0));
      const bytes = Buffer.from(store.objects.get(key) ?? []);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      store.objects.set(key, bytes);
    },
    'tampered',
  ],
])('an archive %s is refused', async (_, spoil, problem) => {
  const all = await world();
  spoil(all);
  await expect(all.plan({ archive: all.first.name })).rejects.toMatchObject({ name: 'ArchiveUnusable', problem });
});

test('a log with a gap before that moment is refused', async () => {
  const { store, plan } = await world();
  for (const key of store.objects.keys()) if (key.includes('0008-')) store.objects.delete(key);
  await expect(plan({ time: minute(11) })).rejects.toMatchObject({ name: 'ArchiveUnusable', problem: 'gap' });
});
