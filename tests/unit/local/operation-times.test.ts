import type { Interval } from '../../../local/stack/histories.ts';
import { covered, decideTimes } from '../../../local/stack/operation-times.ts';

describe('covered', () => {
  test.each<[string, Interval[], number]>([
    ['nothing', [], 0],
    [
      'apart',
      [
        [10, 20],
        [30, 40],
      ],
      20,
    ],
    [
      'what overlaps counts once',
      [
        [10, 30],
        [20, 40],
      ],
      30,
    ],
    [
      'one inside the other, out of order',
      [
        [20, 25],
        [10, 40],
      ],
      30,
    ],
    ['what sticks out is cut', [[-50, 150]], 100],
    ['what ends before it begins', [[60, 50]], 0],
  ])('%s', (_, intervals, sum) => {
    expect(covered(intervals, [0, 100])).toBe(sum);
  });
});

test('a role that waits for the metadata name waits for us, not for Milvus', () => {
  const times = decideTimes({
    whole: [0, 10_000],
    containers: [
      [1_000, 1_500],
      [1_200, 2_000],
    ],
    visits: [
      { calls: 'probeQuorum', interval: [2_500, 3_000] },
      { calls: 'openMetadata', interval: [3_000, 3_500] },
      { calls: 'probeCompute', interval: [2_200, 6_000] },
      { calls: 'probeCompute', interval: [6_100, 8_000] },
      { calls: 'verifyCluster', interval: [8_500, 9_000] },
    ],
  });
  expect(times).toEqual({ totalMs: 10_000, containersMs: 1_000, milvusMs: 5_400, outsideMs: 3_600 });
});
