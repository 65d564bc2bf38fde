import fc from 'fast-check';
import { decideIdle, nextPossibleSleep } from '../../../functions/common/idle/decide.ts';
import { noteObservation, noteWork, type ActivityState } from '../../../functions/common/idle/state.ts';
import { idleView } from '../../../functions/common/idle/view.ts';
import { judgeWork, workReason, type Work } from '../../../functions/common/idle/work.ts';
import { clusterSpecSchema } from '../../../functions/common/cluster/spec.ts';
import { after, at, blind, GENERATION, instance, policy, seeing } from './fixtures.ts';

const NONE: Work = { state: 'none' };
const IMPORT: Work = { state: 'running', running: [{ kind: 'import', count: 1 }] };
const UNSEEN: Work = { state: 'unseen', problems: ['compaction: refused'] };
const quiet = after([0, seeing(instance('proxy@a', { Search: 5 }))]);
const flying = after([0, seeing(instance('proxy@a', { Search: [6, 5] }))]);
const lost = after([0, seeing(instance('proxy@a'))], [1, blind('proxy@a')]);
const evening = { start: '0 0 * * *', duration: 120, timeZone: 'UTC' };

test.each([
  ['within the window', quiet, {}, 29, NONE, { because: 'active', until: at(30).toISOString() }],
  ['at its end', quiet, {}, 30, NONE, { action: 'sleep', idleSince: at(0).toISOString() }],
  ['before anybody has looked at work', quiet, {}, 30, undefined, { action: 'look' }],
  ['a longer window', quiet, { window: 60 }, 45, NONE, { because: 'active', until: at(60).toISOString() }],
  ['never', quiet, { never: true }, 10_000, NONE, { because: 'never' }],
  [
    'it cannot be seen',
    lost,
    {},
    10_000,
    NONE,
    { because: 'unseen', reason: expect.stringContaining('timed out') as string },
  ],
  ['kept awake', quiet, { keepAwake: [evening] }, 45, NONE, { because: 'keep-awake', until: at(120).toISOString() }],
  ['kept awake no more', quiet, { keepAwake: [evening] }, 120, NONE, { action: 'sleep' }],
  [
    'it woke up a moment ago',
    quiet,
    { minimumAwake: 90 },
    45,
    NONE,
    { because: 'minimum-awake', until: at(85).toISOString() },
  ],
  [
    'a request that takes long',
    flying,
    {},
    59,
    NONE,
    { because: 'in-flight', reason: expect.stringContaining('Search (1)') as string },
  ],
  ['one that Milvus forgot to count', flying, {}, 60, NONE, { action: 'sleep' }],
  ['an import', quiet, {}, 30, IMPORT, { because: 'working', reason: 'an import runs' }],
  ['work that cannot be seen', quiet, {}, 30, UNSEEN, { because: 'unseen' }],
  ['a clock that is behind', after([5, seeing(instance('proxy@a'))]), {}, 3, NONE, { because: 'active' }],
])('%s', (_, state, changes, minute, work, decision) => {
  const facts = { state, awakeSince: at(-5).toISOString(), ...(work === undefined ? {} : { work }) };
  expect(decideIdle(facts, policy(changes), at(minute))).toMatchObject(decision);
});

test.each([
  [
    'nothing',
    [
      { kind: 'import', running: 0 },
      { kind: 'compaction', running: 0 },
      { kind: 'index build', running: 0 },
    ],
    'none',
  ],
  [
    'one node compacts',
    [
      { kind: 'import', running: 0 },
      { kind: 'compaction', running: 0 },
      { kind: 'compaction', running: 1 },
    ],
    'running',
  ],
  [
    'seen work outweighs what is not seen',
    [
      { kind: 'import', running: 1 },
      { kind: 'compaction', problem: 'x' },
    ],
    'running',
  ],
  [
    'one kind cannot be seen',
    [
      { kind: 'import', running: 0 },
      { kind: 'compaction', problem: 'x' },
      { kind: 'index build', running: 0 },
    ],
    'unseen',
  ],
  [
    'nobody can be asked',
    [
      { kind: 'import', running: 0 },
      { kind: 'index build', running: 0 },
    ],
    'unseen',
  ],
] as const)('work: %s', (_, observations, state) => {
  expect(judgeWork(observations).state).toBe(state);
});

test('work in words', () => {
  const work = judgeWork([
    { kind: 'import', running: 1 },
    { kind: 'index build', running: 3 },
  ]);
  expect(work.state === 'none' ? '' : workReason(work)).toBe('an import and 3 index builds run');
});

describe('what people are told', () => {
  const record = {
    phase: 'awake',
    generation: GENERATION,
    phaseSince: at(-5).toISOString(),
    spec: clusterSpecSchema.parse({ name: 'demo' }),
  } as const;
  const withPolicy = (changes: Parameters<typeof policy>[0]) => ({
    ...record,
    spec: { ...record.spec, idle: policy(changes) },
  });

  test('only of a cluster that is awake, and only what was seen since it is', () => {
    expect(idleView({ ...record, phase: 'asleep' }, quiet, at(5))).toBeUndefined();
    expect(idleView(record, undefined, at(5))).toMatchObject({ because: 'not-observed' });
    expect(idleView({ ...record, generation: 9 }, quiet, at(5))).toMatchObject({ because: 'not-observed' });
  });

  test('since when it is idle, and when it may fall asleep', () => {
    expect(idleView(record, quiet, at(5))).toEqual({
      because: 'active',
      reason: expect.stringContaining('first look') as string,
      lastActivity: quiet.lastActivity,
      idleSince: at(0).toISOString(),
      nextPossibleSleep: at(30).toISOString(),
    });
  });

  test.each([
    ['the window ends within a time that it is kept awake', { keepAwake: [evening] }, at(120)],
    ['it has to be awake for longer', { minimumAwake: 90 }, at(85)],
    ['it never sleeps', { never: true }, undefined],
  ])('%s', (_, changes, next) => {
    expect(idleView(withPolicy(changes), quiet, at(5))?.nextPossibleSleep).toBe(next?.toISOString());
    expect(nextPossibleSleep({ state: quiet, awakeSince: record.phaseSince }, policy(changes), at(5))).toEqual(next);
  });

  test('that nobody sees what it does', () => {
    expect(idleView(record, lost, at(50))).toMatchObject({ because: 'unseen', unseenSince: at(1).toISOString() });
    expect(idleView(record, noteWork(quiet, UNSEEN, at(40)), at(50))).toMatchObject({
      because: 'unseen',
      unseenSince: at(40).toISOString(),
    });
  });

  test('that nothing keeps it awake', () => {
    expect(idleView(record, quiet, at(50))).toMatchObject({ because: 'idle', nextPossibleSleep: at(50).toISOString() });
  });
});

/**
 * Proxies that are asked things, die, come back and are lost out of sight, looked at by clocks that do not agree: whatever
 * happens in whatever order, no cluster is put to sleep within the window of a request that counts.
 */
describe('however requests, restarts and lost looks come', () => {
  const WINDOW = 10;
  const MAX_SKEW = 2;
  interface Proxy {
    readonly address: string;
    startedAt: number;
    searches: number;
    polls: number;
  }
  const event = fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant('request' as const), proxy: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('poll' as const), proxy: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const), proxy: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('vanish' as const), proxy: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('appear' as const) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant('look' as const),
        lost: fc.subarray([0, 1, 2], { minLength: 0, maxLength: 1 }),
        skew: fc.integer({ min: -MAX_SKEW, max: MAX_SKEW }),
        twice: fc.boolean(),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 8 }) }),
    },
  );

  function run(events: readonly (typeof event extends fc.Arbitrary<infer Event> ? Event : never)[]) {
    let minute = 0;
    let started = 0;
    let lastRequest = -Infinity;
    const sleeps: { minute: number; lastRequest: number }[] = [];
    const tasks: string[] = [];
    const start = (address: string): Proxy => ({ address, startedAt: (started += 1), searches: 0, polls: 0 });
    let addresses = 1;
    let proxies = [start('0')];
    let state: ActivityState | undefined;
    for (const happened of events) {
      const proxy = 'proxy' in happened ? proxies[happened.proxy] : undefined;
      switch (happened.type) {
        case 'wait':
          minute += happened.minutes;
          break;
        case 'request':
          if (proxy === undefined) break;
          proxy.searches += 1;
          lastRequest = minute;
          break;
        case 'poll':
          if (proxy !== undefined) proxy.polls += 1;
          break;
        case 'restart':
          if (proxy !== undefined) Object.assign(proxy, start(proxy.address));
          break;
        case 'vanish':
          proxies = proxies.filter((candidate) => candidate !== proxy);
          break;
        case 'appear':
          if (proxies.length < 3) {
            proxies.push(start(String((addresses += 1))));
            tasks.push(String(addresses));
          }
          break;
        case 'look': {
          const all = proxies.map(({ address, startedAt, searches }) =>
            instance(`proxy@${address}`, { Search: searches }, { startedAt }),
          );
          const seen = all.filter((_, index) => !happened.lost.includes(index));
          const unseen = all
            .filter((one) => !seen.includes(one))
            .map((one) => ({ instance: one.instance, problem: 'lost' }));
          if (all.length === 0) unseen.push({ instance: 'proxy', problem: 'no task runs' });
          const now = at(minute + happened.skew);
          for (let time = 0; time < (happened.twice ? 2 : 1); time += 1) {
            state = noteObservation(state, { seen, unseen, tasks: [...tasks] }, { generation: GENERATION, now });
          }
          if (state === undefined) break;
          const decision = decideIdle(
            { state, awakeSince: at(0).toISOString(), work: NONE },
            policy({ window: WINDOW }),
            now,
          );
          if (decision.action === 'sleep') sleeps.push({ minute, lastRequest });
          break;
        }
      }
    }
    return sleeps;
  }

  test('nothing sleeps within the window of a request', () => {
    let slept = 0;
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120, size: 'max' }), (events) => {
        for (const sleep of run(events)) {
          slept += 1;
          // Two clocks may differ by twice what one may be wrong.
          expect(sleep.minute - sleep.lastRequest).toBeGreaterThanOrEqual(WINDOW - 2 * MAX_SKEW);
        }
      }),
      { numRuns: 1_000 },
    );
    // A property about sleep that nothing ever falls asleep in would hold as well.
    expect(slept).toBeGreaterThan(100);
  });

  test('polls alone keep nothing awake', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), (polls) => {
        const look = { type: 'look' as const, lost: [], skew: 0, twice: false };
        const poll = { type: 'poll' as const, proxy: 0 };
        const minutes = Array.from({ length: WINDOW }, () => [
          ...Array.from({ length: polls }, () => poll),
          { type: 'wait' as const, minutes: 1 },
          look,
        ]).flat();
        expect(run([look, ...minutes])).toHaveLength(1);
      }),
    );
  });
});
