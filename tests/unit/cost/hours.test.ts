/** Hours in phases: nothing counts twice, nothing is lost between two months, and what is missing is said. */
import fc from 'fast-check';
import { PHASES } from '../../../functions/common/cluster/phases.ts';
import {
  monthBounds,
  monthHours,
  monthOf,
  NO_SUMS,
  splitByMonth,
  type MonthSums,
} from '../../../functions/common/cost/hours.ts';

const NOV = '2026-11';
const at = (day: number, hour = 0) => new Date(Date.UTC(2026, 10, day, hour)).toISOString();
const hours = (count: number) => count * 3_600;
const present = { phase: 'awake', phaseSince: at(20), createdAt: at(1) } as const;

test('a stay over the end of a month is a piece of each, and its end counts in the last', () => {
  expect(splitByMonth({ from: '2026-10-31T23:00:00.000Z', to: '2026-12-01T01:00:00.000Z' })).toEqual([
    { month: '2026-10', from: '2026-10-31T23:00:00.000Z', to: '2026-11-01T00:00:00.000Z', seconds: 3_600, last: false },
    { month: NOV, from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z', seconds: hours(720), last: false },
    { month: '2026-12', from: '2026-12-01T00:00:00.000Z', to: '2026-12-01T01:00:00.000Z', seconds: 3_600, last: true },
  ]);
});

test.each([
  ['no time at all', at(2), at(2)],
  ['an end before its beginning', at(3), at(2)],
])('%s is no stay', (_, from, to) => {
  expect(splitByMonth({ from, to })).toEqual([]);
});

test('a month knows its bounds', () => {
  expect(monthOf(new Date('2026-12-31T23:59:59.999Z'))).toBe('2026-12');
  expect(monthBounds('2026-12')).toEqual({
    from: new Date('2026-12-01T00:00:00Z'),
    to: new Date('2027-01-01T00:00:00Z'),
  });
});

const moment = fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2027, 11, 31) });

test('the pieces of a stay follow each other without a gap and are as long as it', () => {
  fc.assert(
    fc.property(moment, moment, (one, other) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)].map((ms) => new Date(ms).toISOString()) as [
        string,
        string,
      ];
      const pieces = splitByMonth({ from, to });
      const total = pieces.reduce((sum, { seconds }) => sum + seconds, 0);
      expect(total).toBeCloseTo((Date.parse(to) - Date.parse(from)) / 1_000, 3);
      for (const [index, piece] of pieces.entries()) {
        expect(piece.from).toBe(index === 0 ? from : pieces[index - 1]?.to);
        expect(monthOf(new Date(piece.from))).toBe(piece.month);
        expect(piece.last).toBe(index === pieces.length - 1);
      }
    }),
  );
});

test('the present phase counts up to now, in the month that is asked for only', () => {
  const now = new Date(at(21));
  const sums: MonthSums = {
    seconds: { asleep: hours(400), awake: hours(56) },
    times: { waking: 3, 'falling-asleep': 4 },
  };
  expect(monthHours(NOV, sums, present, now)).toEqual({
    ...{ month: NOV, until: at(21), elapsed: 480, running: 80, asleep: 400, failed: 0, unaccounted: 0 },
    ...{ wakes: 3, sleeps: 4 },
  });
  expect(monthHours('2026-10', NO_SUMS, present, now)).toMatchObject({ elapsed: 0, running: 0, unaccounted: 0 });
});

test('a cluster that fell asleep two months ago has slept all of the last month', () => {
  const asleep = {
    phase: 'asleep',
    phaseSince: '2026-09-30T12:00:00.000Z',
    createdAt: '2026-01-01T00:00:00.000Z',
  } as const;
  expect(monthHours(NOV, NO_SUMS, asleep, new Date('2026-12-05T00:00:00Z'))).toMatchObject({
    ...{ until: '2026-12-01T00:00:00.000Z', elapsed: 720, running: 0, asleep: 720, unaccounted: 0 },
  });
});

test('hours of which nothing is kept are neither awake nor asleep', () => {
  expect(monthHours(NOV, NO_SUMS, present, new Date(at(21)))).toMatchObject({
    ...{ elapsed: 480, running: 24, asleep: 0, unaccounted: 456 },
  });
});

test('a failed cluster is counted apart: whether its tasks run is not known', () => {
  const failed = { phase: 'failed', phaseSince: at(20), createdAt: at(20) } as const;
  expect(monthHours(NOV, NO_SUMS, failed, new Date(at(21)))).toMatchObject({ elapsed: 24, running: 0, failed: 24 });
});

test('whatever is kept, the hours add up to those that have passed, and none is negative', () => {
  const seconds = fc.dictionary(fc.constantFrom(...PHASES), fc.integer({ min: 0, max: hours(200) }));
  fc.assert(
    fc.property(seconds, moment, moment, moment, fc.constantFrom(...PHASES), (kept, since, created, now, phase) => {
      const record = {
        phase,
        phaseSince: new Date(Math.min(since, now)).toISOString(),
        createdAt: new Date(Math.min(created, now)).toISOString(),
      };
      const result = monthHours(monthOf(new Date(now)), { seconds: kept, times: {} }, record, new Date(now));
      const { elapsed, running, asleep, failed, unaccounted } = result;
      expect(running + asleep + failed + unaccounted).toBeCloseTo(elapsed, 6);
      for (const value of [elapsed, running, asleep, failed, unaccounted]) expect(value).toBeGreaterThanOrEqual(0);
    }),
  );
});
