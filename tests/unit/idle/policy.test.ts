import { idlePolicyOf, idlePolicySchema, keptAwakeUntil } from '../../../functions/common/idle/policy.ts';

const DEFAULTS = { window: 30, minimumAwake: 0, keepAwake: [], never: false };
const window = (start: string, duration: number, timeZone = 'UTC') => ({ start, duration, timeZone });

test('what is left out takes its default, of old records too', () => {
  expect(idlePolicySchema.parse({})).toEqual(DEFAULTS);
  expect(idlePolicyOf({})).toEqual(DEFAULTS);
});

test.each([
  ['window', { window: 0 }, 'must be at least 1 minute'],
  ['window', { window: 1.5 }, 'must be a whole number of minutes'],
  ['window', { window: 43_201 }, 'must be at most 43200 minutes'],
  ['minimumAwake', { minimumAwake: -1 }, 'must be at least 0 minutes'],
  ['keepAwake.0.start', { keepAwake: [{ start: '8 o clock', duration: 5 }] }, /^must be a cron pattern of five parts/],
  ['keepAwake.0.start', { keepAwake: [{ start: '@daily', duration: 5 }] }, /^must be a cron pattern of five parts/],
  ['keepAwake.0.start', { keepAwake: [{ start: '2030-01-01T08:00:00', duration: 5 }] }, /^must be a cron pattern/],
  ['keepAwake.0.start', { keepAwake: [{ start: '0 0 8 * * *', duration: 5 }] }, /^must be a cron pattern/],
  ['keepAwake.0.start', { keepAwake: [{ start: '0 8 31 2 *', duration: 5 }] }, 'never comes: no day has this date'],
  ['keepAwake.0.timeZone', { keepAwake: [{ start: '0 8 * * *', duration: 5, timeZone: 'Mars' }] }, /^must be an IANA/],
  ['keepAwake.0.duration', { keepAwake: [{ start: '0 8 * * *', duration: 0 }] }, 'must be at least 1 minute'],
])('%s is refused by its name: %j', (path, policy, message) => {
  const issues = idlePolicySchema.safeParse(policy).error?.issues.map((issue) => [issue.path.join('.'), issue.message]);
  expect(issues).toEqual([[path, typeof message === 'string' ? message : expect.stringMatching(message)]]);
});

test.each([
  ['before', '07:59:59.999', undefined],
  ['its first moment', '08:00:00.000', '18:00:00.000'],
  ['within', '12:34:56.789', '18:00:00.000'],
  ['its last moment', '17:59:59.999', '18:00:00.000'],
  ['its end', '18:00:00.000', undefined],
])('a window from 8 to 18, %s', (_, now, until) => {
  const day = (time: string) => new Date(`2026-01-14T${time}Z`);
  expect(keptAwakeUntil([window('0 8 * * 1-5', 600)], day(now))).toEqual(until === undefined ? undefined : day(until));
});

test('no window on other days', () => {
  expect(keptAwakeUntil([window('0 8 * * 1-5', 600)], new Date('2026-01-17T12:00:00Z'))).toBeUndefined();
});

test('windows that go into one another are one, over midnight too', () => {
  const windows = [
    window('0 20 * * *', 300),
    window('30 0 * * *', 90),
    window('0 2 * * *', 60),
    window('0 9 * * *', 60),
  ];
  expect(keptAwakeUntil(windows, new Date('2026-01-14T21:00:00Z'))?.toISOString()).toBe('2026-01-15T03:00:00.000Z');
});

test('a window that has no end is followed for a while, not for ever', () => {
  const started = performance.now();
  const until = keptAwakeUntil([window('* * * * *', 2)], new Date('2026-01-14T21:00:00Z'));
  expect(until?.getTime()).toBeGreaterThan(Date.parse('2026-01-14T21:00:00Z'));
  expect(performance.now() - started).toBeLessThan(2_000);
});

describe('where clocks change', () => {
  const berlin = window('30 2 * * *', 60, 'Europe/Berlin');
  const newYork = window('0 8 * * *', 60, 'America/New_York');
  test.each([
    ['the evening before winter ends', newYork, '2026-03-07T13:00:00Z', '2026-03-07T14:00:00.000Z'],
    ['8 in New York is an hour earlier in summer', newYork, '2026-03-08T12:00:00Z', '2026-03-08T13:00:00.000Z'],
    ['and not at the hour of winter', newYork, '2026-03-08T13:00:00Z', undefined],
    [
      'half past two does not exist: it begins when the clock has gone forward',
      berlin,
      '2026-03-29T01:00:00Z',
      '2026-03-29T02:00:00.000Z',
    ],
    ['and not before', berlin, '2026-03-29T00:59:59Z', undefined],
    ['half past two comes twice: it begins the first time', berlin, '2026-10-25T00:30:00Z', '2026-10-25T01:30:00.000Z'],
    ['and not the second time', berlin, '2026-10-25T01:30:00Z', undefined],
    [
      'its length is that of a clock that nobody changes',
      window('0 1 * * *', 180, 'Europe/Berlin'),
      '2026-03-29T00:30:00Z',
      '2026-03-29T03:00:00.000Z',
    ],
  ])('%s', (_, keepAwake, now, until) => {
    expect(keptAwakeUntil([keepAwake], new Date(now))?.toISOString()).toBe(until);
  });
});
