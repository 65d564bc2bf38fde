/** The loop: with a clock that only sleeping moves, and a registry that changes with time. */
import fc from 'fast-check';
import type { ClusterRecord } from '../../../functions/common/cluster/record.ts';
import type { Phase } from '../../../functions/common/cluster/phases.ts';
import type { RelayResult } from '../../../functions/common/http/relayed.ts';
import type { Classified } from '../../../functions/hold-request/classify.ts';
import { holdRequest, lookIntervalMs, type HoldDeps } from '../../../functions/hold-request/hold.ts';
import type { EntryRequest } from '../../../functions/hold-request/request.ts';
import type { StartOutcome } from '../../../functions/hold-request/start-wake.ts';
import { aRecord } from '../../fixtures/clusters.ts';

const START = Date.UTC(2026, 0, 1);
const use: Classified = { kind: 'grpc', motive: 'use', reason: 'a call' };
const rest: Classified = { ...use, kind: 'rest' };
const request = (headers: Record<string, string> = {}): EntryRequest => ({
  method: 'POST',
  path: '/x',
  target: '/x?a=1',
  headers: Object.entries({ host: 'demo.example.com', ...headers }),
  body: '{}',
  isBase64Encoded: false,
});

interface World {
  /** How long a look takes, from the second on. */
  readonly slowMs?: number;
  /** The phase at so many ms after the start; undefined: the registry is silent. */
  readonly phaseAt: (ms: number) => Phase | undefined;
  /** From when on the rules are being opened. */
  readonly openingAt?: number;
  readonly start?: (nth: number) => StartOutcome;
  readonly relay?: (nth: number) => RelayResult;
  /** Free places of the cluster. */
  readonly free?: number;
  /** Whether the registry counts at so many ms after the start. */
  readonly counts?: (ms: number) => boolean;
  /** How long it takes to count, there and back. */
  readonly countMs?: number;
}

function rig({ phaseAt, openingAt = Infinity, start = () => 'asked', relay, slowMs = 0, ...world }: World) {
  const { counts = () => true, countMs = 0 } = world;
  let { free = 200 } = world;
  let now = START;
  const calls: string[] = [];
  let generation = 4;
  let notes = 0;
  const read = (): Promise<ClusterRecord | undefined> => {
    const phase = phaseAt(now - START);
    if (phase === undefined) return Promise.reject(new Error('ThrottlingException'));
    const wakeWanted = { at: '', reason: '' };
    const opening = phase === 'waking' && now - START >= openingAt ? ({ entryOpen: true } as const) : {};
    return Promise.resolve(aRecord({ phase, generation, ...opening, ...(notes > 0 ? { wakeWanted } : {}) }));
  };
  const count = (name: string) => calls.filter((call) => call.startsWith(name)).length;
  const deps: HoldDeps = {
    find: () => read(),
    read: async () => {
      // Time passes while it is under way.
      await Promise.resolve();
      now += slowMs;
      return read();
    },
    startWake: (sleep) => {
      calls.push(`start ${sleep.generation}`);
      return Promise.resolve(start(count('start')));
    },
    skipGeneration: () => {
      calls.push('skip');
      generation += 1;
      return Promise.resolve(true);
    },
    noteWake: () => {
      calls.push('note');
      notes += 1;
      return Promise.resolve(true);
    },
    relay: () => {
      calls.push('relay');
      return Promise.resolve(relay?.(count('relay')) ?? { kind: 'answer', status: 200, headers: [], body: '' });
    },
    takePlace: async () => {
      await Promise.resolve();
      if (!counts(now - START)) throw new Error('ThrottlingException');
      now += countMs;
      const taken = free > 0;
      calls.push(taken ? 'take' : 'full');
      if (taken) free -= 1;
      return taken;
    },
    givePlaceBack: async () => {
      await Promise.resolve();
      now += countMs;
      calls.push('give');
      free += 1;
    },
    clock: {
      now: () => now,
      sleep: (ms) => {
        now += ms;
        return Promise.resolve();
      },
    },
    within: async (work, ms) => {
      const before = now;
      const value = await work;
      if (now - before <= ms) return value;
      now = before + ms;
      return 'late';
    },
    draw: () => 0.5,
    policy: { holdMs: 120_000, deadlineMarginMs: 1_000, rulesSpreadMs: 1_500, mostWakes: 3 },
  };
  const isOfPlaces = (call: string) => ['take', 'full', 'give'].includes(call);
  return {
    deps,
    calls: () => calls.filter((call) => !isOfPlaces(call)),
    places: () => calls.filter(isOfPlaces),
    free: () => free,
    elapsed: () => now - START,
  };
}

const until =
  (...steps: [until: number, phase: Phase][]) =>
  (ms: number): Phase =>
    steps.find(([end]) => ms < end)?.[1] ?? 'awake';

test('gRPC is held until the cluster is awake, then refused at once for its retry', async () => {
  const world = rig({ phaseAt: until([1, 'asleep'], [9_000, 'waking']) });
  const answer = await holdRequest(world.deps, request({ 'grpc-timeout': '15S' }), use);
  expect(answer).toMatchObject({ statusCode: 503, multiValueHeaders: { 'retry-after': ['0'], 'grpc-status': ['14'] } });
  expect(world.calls()).toEqual(['start 4']);
  expect(world.elapsed()).toBeGreaterThanOrEqual(9_000);
  expect(world.elapsed()).toBeLessThan(9_000 + 300);
});

test('gRPC is refused just before its own deadline, and not later', async () => {
  const world = rig({ phaseAt: until([1, 'asleep'], [60_000, 'waking']) });
  const answer = await holdRequest(world.deps, request({ 'grpc-timeout': '15S' }), use);
  expect(answer.multiValueHeaders['grpc-message']?.[0]).toBe('Cluster demo is waking.');
  expect(world.elapsed()).toBe(14_000);
});

test('what is held has a place of its cluster, and gives it back with its answer', async () => {
  const world = rig({ free: 1, phaseAt: until([1, 'asleep'], [9_000, 'waking']) });
  await holdRequest(world.deps, request({ 'grpc-timeout': '15S' }), use);
  expect(world.elapsed()).toBeGreaterThanOrEqual(9_000);
  expect(world.places()).toEqual(['take', 'give']);
});

test.each([
  ['gRPC', use, { 'grpc-status': ['14'], 'retry-after': ['10'] }],
  ['REST', rest, { 'content-type': ['application/problem+json'], 'retry-after': ['10'] }],
])(
  '%s above the share of its cluster asks for the wake, and is told at once when to come again',
  async (_, kind, headers) => {
    const world = rig({ free: 0, phaseAt: until([60_000, 'asleep']) });
    const answer = await holdRequest(world.deps, request(), kind);
    expect(answer).toMatchObject({ statusCode: 503, multiValueHeaders: headers });
    expect(world.calls()).toEqual(['start 4']);
    expect(world.places()).toEqual(['full']);
    expect(world.elapsed()).toBe(0);
  },
);

test('what is answered at once takes no place', async () => {
  const world = rig({ phaseAt: () => 'failed' });
  await holdRequest(world.deps, request(), use);
  expect(world.places()).toEqual([]);
});

test('a wake that cannot be started is not tried again before the next look, because a place was taken in between', async () => {
  const world = rig({ phaseAt: () => 'asleep', start: (nth) => (nth < 3 ? 'not-now' : 'asked') });
  await holdRequest(world.deps, request({ 'grpc-timeout': '15S' }), use);
  expect(world.calls()).toEqual(['start 4', 'start 4', 'start 4']);
  expect(world.elapsed()).toBe(14_000);
});

test('while the registry does not count, requests are held all the same; when it does again, so are they', async () => {
  const phaseAt = until([1, 'asleep'], [9_000, 'waking']);
  const silent = rig({ phaseAt, counts: () => false });
  await holdRequest(silent.deps, request({ 'grpc-timeout': '15S' }), use);
  expect(silent.elapsed()).toBeGreaterThanOrEqual(9_000);
  expect(silent.places()).toEqual([]);
  const again = rig({ phaseAt, counts: (ms) => ms > 3_000 });
  await holdRequest(again.deps, request({ 'grpc-timeout': '15S' }), use);
  expect(again.places()).toEqual(['take', 'give']);
  const full = rig({ phaseAt, counts: (ms) => ms > 3_000, free: 0 });
  const answer = await holdRequest(full.deps, request({ 'grpc-timeout': '15S' }), use);
  expect(answer.multiValueHeaders['retry-after']).toEqual(['10']);
  expect(full.elapsed()).toBeLessThan(3_500);
});

test.each([
  [1, ['take', 'give']],
  [0, ['full']],
])(
  'a count that is late holds nothing up, and with %s free is given back only if it was taken',
  async (free, places) => {
    const world = rig({ free, countMs: 700, phaseAt: until([1, 'asleep'], [9_000, 'waking']) });
    await holdRequest(world.deps, request({ 'grpc-timeout': '15S' }), use);
    expect(world.elapsed()).toBeGreaterThanOrEqual(9_000);
    expect(world.elapsed()).toBeLessThan(9_000 + 300 + 500);
    expect(world.places()).toEqual(places);
  },
);

test('giving back takes half of what a short deadline leaves at most', async () => {
  const world = rig({ countMs: 400, phaseAt: () => 'waking' });
  await holdRequest(world.deps, request({ 'grpc-timeout': '1S' }), use);
  expect(world.elapsed()).toBe(750 + 125);
  expect(world.places()).toEqual(['take', 'give']);
});

test('a place is given back, too, when something breaks that nobody has thought of', async () => {
  const world = rig({ phaseAt: () => 'awake' });
  const deps = { ...world.deps, relay: () => Promise.reject(new Error('unknown')) };
  await expect(holdRequest(deps, request(), rest)).rejects.toThrow('unknown');
  expect(world.places()).toEqual(['take', 'give']);
});

test('a registry that is slow near the end costs the client nothing', async () => {
  const world = rig({ phaseAt: () => 'waking', slowMs: 4_000 });
  const answer = await holdRequest(world.deps, request({ 'grpc-timeout': '15S' }), use);
  expect(answer.multiValueHeaders['grpc-message']?.[0]).toBe('Cluster demo is waking.');
  expect(world.elapsed()).toBe(14_000);
});

test('the time before the function began counts', async () => {
  const world = rig({ phaseAt: () => 'waking' });
  const arrived = Math.floor(START / 1_000 - 6).toString(16);
  const trace = { 'x-amzn-trace-id': `Root=1-${arrived}-0123456789abcdef01234567`, 'grpc-timeout': '15S' };
  await holdRequest(world.deps, request(trace), use);
  expect(world.elapsed()).toBe(8_000);
});

test('a HEAD is sent to Milvus itself once the cluster is awake', async () => {
  const world = rig({ phaseAt: until([500, 'asleep'], [9_000, 'waking']) });
  const answer = await holdRequest(world.deps, { ...request(), method: 'HEAD' }, rest);
  expect(answer).toMatchObject({ statusCode: 307, multiValueHeaders: { location: ['/x?a=1'] } });
  expect(world.calls()).toEqual(['start 4']);
  expect(world.elapsed()).toBeGreaterThanOrEqual(9_000);
});

test('REST is relayed once the cluster is awake', async () => {
  const world = rig({
    phaseAt: until([500, 'asleep'], [40_000, 'waking']),
    relay: () => ({ kind: 'answer', status: 201, headers: [['x-a', '1']], body: Buffer.from('ok').toString('base64') }),
  });
  expect(await holdRequest(world.deps, request(), rest)).toEqual({
    statusCode: 201,
    multiValueHeaders: { 'x-a': ['1'] },
    body: 'ok',
    isBase64Encoded: false,
  });
  expect(world.calls()).toEqual(['start 4', 'relay']);
});

test('REST past the limit: 503 with Retry-After', async () => {
  const world = rig({ phaseAt: until([1, 'asleep'], [1e9, 'waking']) });
  expect(await holdRequest(world.deps, request(), rest)).toMatchObject({
    statusCode: 503,
    multiValueHeaders: { 'retry-after': ['5'] },
  });
  expect(world.elapsed()).toBe(120_000);
});

test('no proxy reached: asked again; broken in the middle: never again', async () => {
  const flaky = rig({
    phaseAt: () => 'awake',
    relay: (nth) =>
      nth < 3 ? { kind: 'unreachable', reason: 'no proxy' } : { kind: 'answer', status: 200, headers: [], body: '' },
  });
  expect((await holdRequest(flaky.deps, request(), rest)).statusCode).toBe(200);
  expect(flaky.calls()).toEqual(['relay', 'relay', 'relay']);
  const broken = rig({ phaseAt: () => 'awake', relay: () => ({ kind: 'broken', reason: 'cut' }) });
  expect((await holdRequest(broken.deps, request(), rest)).statusCode).toBe(502);
  expect(broken.calls()).toEqual(['relay']);
});

test('a request while it falls asleep leaves one note, and starts the wake should nobody else do so', async () => {
  const world = rig({ phaseAt: until([3_000, 'falling-asleep'], [3_500, 'asleep'], [9_000, 'waking']) });
  await holdRequest(world.deps, request(), use);
  expect(world.calls()).toEqual(['note', 'start 4']);
});

test('throttled starts are tried again, without hurry', async () => {
  const world = rig({
    phaseAt: until([4_000, 'asleep'], [9_000, 'waking']),
    start: (nth) => (nth < 4 ? 'not-now' : 'asked'),
  });
  await holdRequest(world.deps, request(), use);
  expect(world.calls()).toEqual(['start 4', 'start 4', 'start 4', 'start 4']);
});

test('a wake that ended before it began is passed over', async () => {
  const world = rig({
    phaseAt: until([4_000, 'asleep'], [9_000, 'waking']),
    start: (nth) => (nth === 1 ? 'ended' : 'asked'),
  });
  await holdRequest(world.deps, request(), use);
  expect(world.calls()).toEqual(['start 4', 'skip', 'start 5']);
});

test('a registry that is silent for a while only costs time', async () => {
  const world = rig({
    phaseAt: (ms) => (ms < 2_000 || (ms > 5_000 && ms < 7_000) ? undefined : ms < 9_000 ? 'asleep' : 'awake'),
  });
  const answer = await holdRequest(world.deps, request(), use);
  expect(answer.multiValueHeaders['retry-after']).toEqual(['0']);
  const dead = rig({ phaseAt: () => undefined });
  expect(await holdRequest(dead.deps, request({ 'grpc-timeout': '2S' }), use)).toMatchObject({ statusCode: 503 });
  expect(dead.elapsed()).toBe(1_500);
});

test('whatever the world does, the answer comes within the limit and one look', async () => {
  const phases = ['asleep', 'falling-asleep', 'waking', 'awake', 'failed', 'recovering', undefined] as const;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(20_000), fc.constantFrom(...phases)), { minLength: 1, maxLength: 8 }),
      fc.array(fc.constantFrom<StartOutcome>('asked', 'ended', 'not-now'), { minLength: 1, maxLength: 5 }),
      fc.constantFrom(use, rest, { ...use, kind: 'browser' } as Classified),
      fc.option(fc.nat(30_000), { nil: undefined }),
      fc.record({ free: fc.nat(1), countMs: fc.nat(800), uncountedMs: fc.nat(5_000) }),
      async (steps, starts, classified, timeout, { free, countMs, uncountedMs }) => {
        let end = 0;
        const plan = steps.map(([ms, phase]) => [(end += ms), phase] as const);
        const world = rig({
          phaseAt: (ms) => (plan.find(([until]) => ms < until) ?? plan.at(-1))?.[1],
          start: (nth) => starts[nth % starts.length] ?? 'asked',
          ...{ free, countMs, counts: (ms: number) => ms >= uncountedMs },
          relay: (nth) => (nth % 2 === 0 ? { kind: 'unreachable', reason: 'x' } : { kind: 'broken', reason: 'x' }),
        });
        const headers: Record<string, string> = timeout === undefined ? {} : { 'grpc-timeout': `${timeout}m` };
        const answer = await holdRequest(world.deps, request(headers), classified);
        expect(answer.statusCode).toBeGreaterThanOrEqual(200);
        // Giving a place back comes out of what a client's own deadline leaves.
        const limit = classified.kind === 'grpc' && timeout !== undefined ? timeout : 120_000 + 500;
        expect(world.elapsed()).toBeLessThanOrEqual(limit + 1_250);
        expect(world.free()).toBe(free);
      },
    ),
    { numRuns: 500 },
  );
});

test('many that are held look at different moments, and less often the longer it takes', () => {
  const after = (heldMs: number) => ({ heldMs, opening: false });
  expect(lookIntervalMs(after(0), 0)).toBe(187.5);
  expect(lookIntervalMs(after(0), 1)).toBe(312.5);
  expect(lookIntervalMs(after(20_000), 0.5)).toBe(600);
  expect(lookIntervalMs(after(100_000), 0.5)).toBe(1_000);
  let held = 0;
  let looks = 0;
  while (held < 40_000) {
    held += lookIntervalMs(after(held), 0.5);
    looks += 1;
  }
  // What docs/decisions reckon with: reads of one request that is held for 40 s.
  expect(looks).toBeLessThan(100);
});

test('once the rules are being opened, the end of the wake is seen soon', async () => {
  const AWAKE_MS = 40_400;
  for (const openingAt of [38_000, Infinity]) {
    const world = rig({ phaseAt: (ms) => (ms < AWAKE_MS ? 'waking' : 'awake'), openingAt });
    await holdRequest(world.deps, request(), rest);
    const late = world.elapsed() - AWAKE_MS;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late <= 125).toBe(openingAt < AWAKE_MS);
  }
});
