/** Shipping, with a quorum that answers as told: for what a real one does only when it is under load. */
import { shipChanges } from '../../../functions/common/archive/changes.ts';
import { decodeSegment } from '../../../functions/common/archive/segment.ts';
import { connectEtcd, type WatchBatch, type WatchEvent } from '../../../functions/common/etcd/client.ts';
import { memoryStore } from './memory-store.ts';

const OF = { cluster: 'demo', history: 'h' };
const nobody = connectEtcd(['127.0.0.1:1'], { timeoutMs: 100 });
afterAll(() => {
  nobody.close();
});

const put = (revision: number): WatchEvent => ({
  type: 'put',
  kv: {
    key: Buffer.from(`k${revision}`),
    value: Buffer.from('v'),
    ...{ createRevision: revision, modRevision: revision, version: 1, lease: '0' },
  },
});

/** At revision `current` when it is asked; the watch brings these batches. */
const quorum = (current: number, batches: readonly Pick<WatchBatch, 'events' | 'partial'>[]) => ({
  ...nobody,
  get: () => Promise.resolve(Buffer.from(OF.history)),
  range: () =>
    Promise.resolve({
      ...{ clusterId: '1', memberId: '1', revision: current, raftTerm: 2 },
      ...{ kvs: [], more: false, count: 0 },
    }),
  // eslint-disable-next-line @typescript-eslint/require-await -- the real one waits for its member
  watch: async function* () {
    for (const batch of batches) yield { ...batch, revision: current };
  },
});

test.each<[string, readonly Pick<WatchBatch, 'events' | 'partial'>[]]>([
  ['in one batch', [{ events: [put(8), put(9), put(10), put(11)], partial: false }]],
  ['as the beginning of a fragment', [{ events: [put(8), put(9), put(10), put(11)], partial: true }]],
  [
    'after what was asked for',
    [
      { events: [put(8), put(9)], partial: false },
      { events: [put(10), put(11)], partial: false },
    ],
  ],
])('what was written after the question waits for the next segment: %s', async (_, batches) => {
  const store = memoryStore();
  const shipped = await shipChanges(quorum(9, batches), store, {
    cluster: OF.cluster,
    after: { history: OF.history, revision: 7, sha256: null },
    now: () => new Date('2026-03-01T12:00:00.000Z'),
  });
  expect(shipped).toMatchObject({ outcome: 'shipped', complete: true, changes: 2, point: { revision: 9 } });
  const [key = ''] = store.objects.keys();
  const { head, changes } = await decodeSegment(key, store.objects.get(key) ?? Buffer.alloc(0), OF);
  expect(head).toMatchObject({ from: 8, to: 9, asOf: '2026-03-01T12:00:00.000Z', complete: true });
  expect(changes.map(({ revision }) => revision)).toEqual([8, 9]);
});
