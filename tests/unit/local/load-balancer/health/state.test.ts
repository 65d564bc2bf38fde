import fc from 'fast-check';
import {
  FAILED,
  NEWLY_REGISTERED,
  TIMED_OUT,
  afterCheck,
  matchesCode,
  wrongCode,
  type CheckResult,
} from '../../../../../local/load-balancer/health/state.ts';

const OK: CheckResult = { ok: true };
const thresholds = { healthyThreshold: 3, unhealthyThreshold: 2 };
const states = (results: readonly CheckResult[], given = thresholds) => {
  let history = NEWLY_REGISTERED;
  return results.map((result) => {
    history = afterCheck(history, result, given);
    return history.health.state;
  });
};

test.each<[string, CheckResult[], string[]]>([
  ['one success is enough for a new target', [OK], ['healthy']],
  ['a new target stays initial below the unhealthy threshold', [FAILED, OK], ['initial', 'healthy']],
  ['and is unhealthy at it', [FAILED, FAILED], ['initial', 'unhealthy']],
  [
    'single failures change nothing',
    [OK, FAILED, OK, FAILED, OK],
    ['healthy', 'healthy', 'healthy', 'healthy', 'healthy'],
  ],
  [
    'the way back takes the healthy threshold in a row',
    [FAILED, FAILED, OK, OK, FAILED, OK, OK, OK],
    ['initial', 'unhealthy', 'unhealthy', 'unhealthy', 'unhealthy', 'unhealthy', 'unhealthy', 'healthy'],
  ],
])('%s', (_what, results, expected) => {
  expect(states(results)).toEqual(expected);
});

test('an unhealthy target shows why its last check failed', () => {
  let history = NEWLY_REGISTERED;
  for (const result of [FAILED, TIMED_OUT]) history = afterCheck(history, result, thresholds);
  expect(history.health).toEqual({ state: 'unhealthy', reason: 'Target.Timeout', description: 'Request timed out' });
  history = afterCheck(history, wrongCode(500), thresholds);
  expect(history.health).toMatchObject({
    reason: 'Target.ResponseCodeMismatch',
    description: 'Health checks failed with these codes: [500]',
  });
});

test('whatever happened before: enough of one kind in a row decides', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean()),
      fc.boolean(),
      fc.integer({ min: 2, max: 10 }),
      fc.integer({ min: 2, max: 10 }),
      (past, last, healthyThreshold, unhealthyThreshold) => {
        const row = Array.from({ length: last ? healthyThreshold : unhealthyThreshold }, () => last);
        const results = [...past, ...row].map((ok) => (ok ? OK : FAILED));
        expect(states(results, { healthyThreshold, unhealthyThreshold }).at(-1)).toBe(last ? 'healthy' : 'unhealthy');
      },
    ),
  );
});

test.each([
  ['200', 200, true],
  ['200', 201, false],
  ['200,202', 202, true],
  ['200-299', 299, true],
  ['200-299', 300, false],
  ['200, 300-302', 301, true],
  ['0', 0, true],
  ['0-99', 12, true],
  ['12', 1, false],
])('matcher %j on %i: %s', (matcher, code, expected) => {
  expect(matchesCode(matcher, code)).toBe(expected);
});
