import fc from 'fast-check';
import { billedByTheSecond, costOverDay, hourlyWhileAwake } from '../../../bench/day/cost.ts';
import { drawDay } from '../../../bench/day/picture.ts';
import { simulateDay, type DayInput } from '../../../bench/day/simulate.ts';
import { requestsOf, WORKING_DAY } from '../../../bench/day/traffic.ts';
import { idlePolicySchema } from '../../../functions/common/idle/policy.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const simulate = (requests: readonly number[], changes: Partial<DayInput> = {}) =>
  simulateDay({
    requests,
    policy: idlePolicySchema.parse({}),
    midnight: new Date(Date.UTC(2026, 0, 14)),
    sleepSeconds: 12,
    wakeSeconds: 10,
    ...changes,
  });

test('one request wakes the cluster for its window, and waits for the wake', () => {
  const { spans, waits } = simulate([HOUR]);
  const wokenAt = HOUR + 10;
  const { window } = idlePolicySchema.parse({});
  const idleAt = HOUR + 60 + window * 60;
  expect(spans).toEqual([
    { phase: 'asleep', from: 0, to: HOUR },
    { phase: 'waking', from: HOUR, to: wokenAt },
    { phase: 'awake', from: wokenAt, to: idleAt },
    { phase: 'falling-asleep', from: idleAt, to: idleAt + 12 },
    { phase: 'asleep', from: idleAt + 12, to: DAY },
  ]);
  expect(waits).toEqual([{ at: HOUR, seconds: 10 }]);
});

test('a request on the way down is answered after the wake that follows', () => {
  const fallsAt = simulate([HOUR]).spans.find(({ phase }) => phase === 'falling-asleep')?.from ?? 0;
  const { waits, spans } = simulate([HOUR, fallsAt + 5]);
  expect(waits.at(-1)).toEqual({ at: fallsAt + 5, seconds: 12 - 5 + 10 });
  expect(spans.filter(({ phase }) => phase === 'waking')).toHaveLength(2);
});

test('a day without requests costs nothing, one of requests as much as one without sleep', () => {
  const price = { transitionsPerSleep: 0, transitionsPerWake: 0 };
  expect(costOverDay(simulate([]), price).at(-1)?.[1]).toBe(0);
  const busy = simulate(Array.from({ length: 24 * 60 }, (_, minute) => minute * 60));
  expect(costOverDay(busy, price).at(-1)?.[1]).toBeCloseTo(24 * hourlyWhileAwake());
});

test('whatever is asked when, the spans fill the day without a gap and every request is answered', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: DAY - 1 }), { maxLength: 30 }), (times) => {
      const requests = times.toSorted((a, b) => a - b);
      const { spans, waits } = simulate(requests);
      expect(spans[0]?.from ?? 0).toBe(0);
      expect(spans.at(-1)?.to).toBe(DAY);
      for (const [index, span] of spans.entries()) expect(span.from).toBe(spans[index - 1]?.to ?? 0);
      const awake = spans.filter(({ phase }) => phase === 'awake');
      for (const time of requests) {
        const served = awake.some(({ from, to }) => time >= from && time < to) || waits.some(({ at }) => at === time);
        expect(served).toBe(true);
      }
      expect(waits.every(({ seconds }) => seconds >= 0 && seconds <= 12 + 10)).toBe(true);
      expect(billedByTheSecond({ spans, waits })).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test('the made-up day is the same each time, and in order', () => {
  const requests = requestsOf(WORKING_DAY, 7);
  expect(requests).toEqual(requestsOf(WORKING_DAY, 7));
  expect(requests).toEqual(requests.toSorted((a, b) => a - b));
  expect(requests).not.toEqual(requestsOf(WORKING_DAY, 8));
});

test('the picture says what it is given', () => {
  const day = simulate([HOUR]);
  const cost = costOverDay(day, { transitionsPerSleep: 22, transitionsPerWake: 30 });
  const texts = { title: 'A title', subtitle: 'A subtitle', notes: ['One note', 'Another'] };
  const svg = drawDay({ day, requests: [HOUR], cost, costAwake: 6.29, ...texts });
  for (const text of ['A title', 'A subtitle', 'One note', 'Another', '$6.29', 'with naps'])
    expect(svg).toContain(text);
});
