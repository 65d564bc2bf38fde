import { contiguous, logReaches } from '../../../functions/common/archive/reach.ts';
import { encodeSegment, parseSegmentKey, segmentKey } from '../../../functions/common/archive/segment.ts';
import { archiveOf } from './arbitraries.ts';
import { memoryStore } from './memory-store.ts';

const named = (from: number, to: number) => {
  const name = parseSegmentKey(segmentKey({ history: 'h', from, to }, 'a'.repeat(64)));
  if (name === undefined) throw new Error('no segment');
  return name;
};

test.each<[string, [number, number][], number, number]>([
  ['nothing shipped', [], 7, 7],
  [
    'from the archive on',
    [
      [8, 10],
      [11, 20],
    ],
    7,
    20,
  ],
  [
    'from the middle of a segment on',
    [
      [5, 10],
      [11, 20],
    ],
    7,
    20,
  ],
  [
    'up to a gap',
    [
      [8, 10],
      [12, 20],
    ],
    7,
    10,
  ],
  ['begins behind a gap', [[9, 10]], 7, 7],
  [
    'two shippers at once',
    [
      [8, 10],
      [8, 12],
      [13, 20],
    ],
    7,
    20,
  ],
  [
    'older ones',
    [
      [1, 5],
      [6, 7],
      [8, 9],
    ],
    7,
    9,
  ],
])('the log reaches: %s', (_, segments, after, reach) => {
  expect(
    contiguous(
      segments.map(([from, to]) => named(from, to)),
      after,
    ).at(-1)?.to ?? after,
  ).toBe(reach);
});

test('a moment can be chosen up to the last complete segment', async () => {
  const store = memoryStore();
  const manifest = await archiveOf(store, new Map([['k', Buffer.from('v')]]));
  const of = { cluster: 'demo', history: 'history-1', previous: null };
  const moments = ['2026-03-01T12:01:00.000Z', '2026-03-01T12:02:00.000Z'] as const;
  expect(await logReaches(store)(manifest)).toEqual({ revision: 7 });
  for (const [index, asOf] of moments.entries()) {
    const { key, bytes } = await encodeSegment(
      { ...of, from: 8 + index, to: 8 + index, asOf, complete: index === 0 },
      [],
    );
    await store.put(key, bytes);
  }
  expect(await logReaches(store)(manifest)).toEqual({ revision: 8, until: moments[0] });
  expect(await logReaches(store)({ ...manifest, history: null })).toEqual({ revision: 7 });
});

test('a damaged end of the log is no reason to call the archive unusable', async () => {
  const store = memoryStore();
  const manifest = await archiveOf(store, new Map([['k', Buffer.from('v')]]));
  const of = { cluster: 'demo', history: 'history-1', previous: null, complete: true };
  const whole = await encodeSegment({ ...of, from: 8, to: 8, asOf: '2026-03-01T12:01:00.000Z' }, []);
  await store.put(whole.key, whole.bytes);
  await store.put(segmentKey({ history: 'history-1', from: 9, to: 9 }, 'b'.repeat(64)), Buffer.from('poison'));
  expect(await logReaches(store)(manifest)).toEqual({ revision: 8, until: '2026-03-01T12:01:00.000Z' });
});
