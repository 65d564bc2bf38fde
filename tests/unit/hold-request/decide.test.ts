import fc from 'fast-check';
import { PHASES, type Phase } from '../../../functions/common/cluster/phases.ts';
import {
  decide,
  holdLimitMs,
  type Decision,
  type Policy,
  type Situation,
} from '../../../functions/hold-request/decide.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const policy: Policy = { holdMs: 120_000, deadlineMarginMs: 1_000, rulesSpreadMs: 1_500, mostWakes: 3 };
const failure = { error: 'TasksNotRunning', message: 'No capacity.', advice: 'Look.', at: NOW.toISOString() };
const situation = (changes: Partial<Situation> & { phase?: Phase; wanted?: boolean } = {}): Situation => {
  const { phase = 'asleep', wanted = false, ...rest } = changes;
  const wakeWanted = { at: NOW.toISOString(), reason: 'x' };
  return {
    kind: 'grpc',
    asksLength: false,
    motive: 'use',
    motiveReason: 'a call',
    record: aRecord({
      phase,
      generation: 4,
      ...(wanted ? { wakeWanted } : {}),
      ...(phase === 'failed' ? { failure } : {}),
    }),
    heldMs: 10,
    limitMs: 14_000,
    cameAwake: false,
    askedFor: undefined,
    wakes: 0,
    backingOff: false,
    unreachable: undefined,
    place: 'taken',
    ...rest,
  };
};

const rest = { kind: 'rest' } as const;
const head = { ...rest, asksLength: true } as const;
const browser = { kind: 'browser' } as const;
const late = { heldMs: 14_000 };
const first = { place: 'none' } as const;
const full = { place: 'refused' } as const;
const uncounted = { place: 'uncounted' } as const;
const table: [string, Parameters<typeof situation>[0], Decision['action'], string?][] = [
  ['no cluster', { record: undefined }, 'refuse', 'unknown-host'],
  ['no cluster, noise', { record: undefined, motive: 'noise' }, 'refuse', 'unknown-host'],
  ['the registry is silent', { record: 'unread' }, 'hold'],
  ['the registry was silent all the time', { record: 'unread', ...late }, 'refuse', 'registry-unreachable'],
  ['the registry is silent, noise', { record: 'unread', motive: 'noise' }, 'ignore'],
  ['asleep', {}, 'start-wake'],
  ['asleep, and its deadline is near', late, 'start-wake'],
  ['asleep, asked', { askedFor: 4, wakes: 1 }, 'hold'],
  ['asleep, asked, late', { askedFor: 4, wakes: 1, ...late }, 'refuse', 'still-waking'],
  ['asleep again after a wake that failed', { askedFor: 2, wakes: 1 }, 'start-wake'],
  ['asleep after the last wake that may be tried', { askedFor: 2, wakes: 3 }, 'refuse', 'not-woken'],
  ['asleep, no start was taken', { backingOff: true }, 'hold'],
  ['asleep, REST', rest, 'start-wake'],
  ['asleep, browser', browser, 'start-wake'],
  ['asleep, browser, asked', { ...browser, askedFor: 4, wakes: 1 }, 'wait-page'],
  ['asleep, browser, no start was taken', { ...browser, backingOff: true }, 'wait-page'],
  ['asleep, browser, all wakes failed', { ...browser, wakes: 3 }, 'wait-page'],
  ['asleep, poll', { motive: 'poll' }, 'ignore'],
  ['asleep, noise', { motive: 'noise' }, 'ignore'],
  ['asleep, progress', { kind: 'progress', motive: 'poll' }, 'show-progress'],
  ['falling asleep', { phase: 'falling-asleep' }, 'note-wake'],
  ['falling asleep, noted', { phase: 'falling-asleep', wanted: true }, 'hold'],
  ['falling asleep, noted, late', { phase: 'falling-asleep', wanted: true, ...late }, 'refuse', 'still-waking'],
  ['falling asleep, the note was not taken', { phase: 'falling-asleep', backingOff: true }, 'hold'],
  ['falling asleep, noted, browser', { ...browser, phase: 'falling-asleep', wanted: true }, 'wait-page'],
  ['falling asleep, poll', { phase: 'falling-asleep', motive: 'poll' }, 'ignore'],
  ['waking', { phase: 'waking' }, 'hold'],
  ['waking, poll', { phase: 'waking', motive: 'poll' }, 'hold'],
  ['waking, noise', { phase: 'waking', motive: 'noise' }, 'ignore'],
  ['waking, late', { phase: 'waking', ...late }, 'refuse', 'still-waking'],
  ['creating, browser', { ...browser, phase: 'creating' }, 'wait-page'],
  ['recovering', { phase: 'recovering' }, 'hold'],
  ['failed', { phase: 'failed' }, 'refuse', 'cluster-failed'],
  ['failed, browser', { ...browser, phase: 'failed' }, 'wait-page'],
  ['deleting', { phase: 'deleting' }, 'refuse', 'cluster-deleting'],
  ['awake after it was held: at once', { phase: 'awake', heldMs: 9_000 }, 'refuse', 'open-now'],
  ['awake when it came: the rule may be on its way', { phase: 'awake', cameAwake: true }, 'hold'],
  ['awake when it came, a while later', { phase: 'awake', cameAwake: true, heldMs: 1_500 }, 'refuse', 'open-now'],
  ['awake, REST', { ...rest, phase: 'awake', heldMs: 9_000 }, 'relay'],
  ['awake, REST, past its limit', { ...rest, phase: 'awake', ...late }, 'relay'],
  ['awake after it was held, HEAD', { ...head, phase: 'awake', heldMs: 9_000 }, 'send-on'],
  [
    'awake when it came, HEAD: it must not come round again at once',
    { ...head, phase: 'awake', cameAwake: true },
    'hold',
  ],
  ['awake when it came, HEAD, later', { ...head, phase: 'awake', cameAwake: true, heldMs: 1_500 }, 'send-on'],
  ['waking, HEAD', { ...head, phase: 'waking' }, 'hold'],
  ['awake, browser', { ...browser, phase: 'awake' }, 'relay'],
  ['awake, no proxy was reached', { ...rest, phase: 'awake', backingOff: true, unreachable: 'x' }, 'hold'],
  ['awake, no proxy was reached, next look', { ...rest, phase: 'awake', unreachable: 'x' }, 'relay'],
  ['no place yet, asleep: the wake first', first, 'start-wake'],
  ['no place yet, asked', { ...first, askedFor: 4, wakes: 1 }, 'take-place'],
  ['no place yet, awake, REST', { ...rest, ...first, phase: 'awake' }, 'take-place'],
  ['no place yet, awake, HEAD', { ...head, ...first, phase: 'awake' }, 'send-on'],
  ['no place yet, what is answered at once', { ...first, phase: 'failed' }, 'refuse', 'cluster-failed'],
  ['no place yet, the cluster is not known yet', { ...first, record: 'unread' }, 'hold'],
  ['no place left, asleep: a wake all the same', full, 'start-wake'],
  ['no place left, falling asleep: a note all the same', { ...full, phase: 'falling-asleep' }, 'note-wake'],
  ['no place left, asked', { ...full, askedFor: 4, wakes: 1 }, 'refuse', 'too-many'],
  ['no place left, waking', { ...full, phase: 'waking' }, 'refuse', 'too-many'],
  ['no place left, awake, gRPC', { ...full, phase: 'awake', heldMs: 9_000 }, 'refuse', 'open-now'],
  ['no place left, awake, REST', { ...rest, ...full, phase: 'awake' }, 'refuse', 'too-many'],
  ['no place left, awake, browser', { ...browser, ...full, phase: 'awake' }, 'wait-page'],
  ['not counted, waking', { ...uncounted, phase: 'waking' }, 'hold'],
  ['not counted, awake, REST', { ...rest, ...uncounted, phase: 'awake' }, 'relay'],
  ['awake, no proxy, late', { ...rest, phase: 'awake', unreachable: 'x', ...late }, 'refuse', 'unreachable'],
];

test.each(table.map(([what, changes, action, code]) => ({ what, changes, action, code })))('$what', (row) => {
  const { changes, action, code } = row;
  expect(decide(situation(changes), policy)).toMatchObject({ action, ...(code === undefined ? {} : { code }) });
});

test('a failed cluster says why', () => {
  expect(decide(situation({ phase: 'failed' }), policy).reason).toBe(
    'cluster demo has failed: TasksNotRunning: No capacity. Look.',
  );
});

test.each([
  [undefined, 120_000],
  [15_000, 14_000],
  [2_000, 1_500],
  [0, 0],
  [99_999_999 * 3_600_000, 120_000],
])('a deadline of %s ms: held for %s ms', (timeout, limit) => {
  expect(holdLimitMs(policy, timeout)).toBe(limit);
});

const anySituation = fc
  .record({
    kind: fc.constantFrom('grpc', 'rest', 'browser', 'progress'),
    asksLength: fc.boolean(),
    motive: fc.constantFrom('use', 'poll', 'noise'),
    phase: fc.constantFrom(...PHASES),
    known: fc.constantFrom('record', 'none', 'unread'),
    wanted: fc.boolean(),
    heldMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
    limitMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
    cameAwake: fc.boolean(),
    askedFor: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    wakes: fc.nat(5),
    backingOff: fc.boolean(),
    unreachable: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    place: fc.constantFrom('none', 'taken', 'refused', 'uncounted'),
  } as const)
  .map(({ known, ...changes }) => {
    const made = situation(changes);
    return known === 'record' ? made : { ...made, record: known === 'none' ? undefined : ('unread' as const) };
  });

test('in any situation: a decision with its reason, nothing wakes but use, and past the limit nobody is held for ever', () => {
  fc.assert(
    fc.property(anySituation, (any) => {
      const decision = decide(any, policy);
      expect(decision.reason).not.toBe('');
      if (decision.action === 'start-wake' || decision.action === 'note-wake') expect(any.motive).toBe('use');
      if (any.motive === 'noise') expect(['ignore', 'refuse']).toContain(decision.action);
      if (decision.action === 'hold' && any.heldMs >= any.limitMs) {
        // Only for the moment of one backed-off relay, whose next look is refused.
        expect(any).toMatchObject({ backingOff: true, unreachable: undefined });
        expect(decide({ ...any, backingOff: false, unreachable: 'x' }, policy).action).not.toBe('hold');
      }
      // A place is taken before anything is waited for, and once.
      const waits = decision.action === 'hold' || decision.action === 'relay';
      if (waits && any.record !== 'unread') expect(['taken', 'uncounted']).toContain(any.place);
      if (decision.action === 'take-place') expect(any.place).toBe('none');
    }),
    { numRuns: 2_000 },
  );
});
