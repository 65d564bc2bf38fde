import fc from 'fast-check';
import { measurement, samples } from '../../../bench/measurement.ts';
import { describeGoal } from '../../../bench/report.ts';

test('samples are ordered, and the median of an even number is between the middle two', () => {
  expect(samples([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4, runs: 4 });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 1 }), (values) => {
      const { min, median, max } = samples(values);
      return min <= median && median <= max;
    }),
  );
  expect(() => samples([])).toThrow('at least one run');
});

test.each([
  ['ours below', { of: 'ours', atMost: 75 } as const, true],
  ['ours above', { of: 'ours', atMost: 40 } as const, false],
  ['ratio', { of: 'ratio', atMost: 1.5 } as const, false],
  ['at least', { of: 'ours', atLeast: 60 } as const, false],
])('a goal is held against the median: %s', (_, goal, holds) => {
  const row = measurement({
    metric: 'm',
    unit: 's',
    ours: [40, 50, 90],
    reference: { name: 'limit', values: [25, 20, 30] },
    goal,
  });
  expect(row).toMatchObject({ ratio: 2, holds, referenceName: 'limit' });
});

test('without reference and goal there is no ratio and nothing to hold', () => {
  expect(measurement({ metric: 'm', unit: 's', ours: [1] })).toMatchObject({
    reference: null,
    referenceName: null,
    ratio: null,
    goal: null,
    holds: null,
  });
});

test('goals read as words', () => {
  expect(describeGoal({ of: 'ours', atMost: 75 }, 's')).toBe('at most 75 s');
  expect(describeGoal({ of: 'ratio', atMost: 1.5 }, 's')).toBe('at most 1.5 x reference');
});
