/** Whatever happens on the way, in whatever order: it comes to rest, says the truth about what runs, and has lost nothing. */
import fc from 'fast-check';
import { isResting } from '../../../functions/common/cluster/phases.ts';
import { World, type Step } from './world.ts';

const nth = fc.nat(3);
const event = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'request' } as const) },
  { weight: 2, arbitrary: fc.constantFrom({ kind: 'sleep' } as const, { kind: 'wake' } as const) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('step' as const), nth }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('fails', 'lost', 'again'), nth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), nth }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'lose' } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'settle' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'settle-dies' } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stumble' as const), nth }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('storm' as const), phase: fc.constantFrom('waking', 'falling-asleep') }),
  },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function apply(world: World, happens: Event): void {
  const step = (how: Step) => {
    world.step('nth' in happens ? happens.nth : 0, how);
  };
  const handlers: Record<Event['kind'], () => void> = {
    request: () => {
      world.request();
    },
    sleep: () => {
      world.act('sleep');
    },
    wake: () => {
      world.act('wake');
    },
    step: () => {
      step('works');
    },
    fails: () => {
      step('fails');
    },
    lost: () => {
      step('lost');
    },
    again: () => {
      step('again');
    },
    die: () => {
      world.die('nth' in happens ? happens.nth : 0);
    },
    lose: () => {
      world.loseMembers();
    },
    settle: () => {
      world.settle();
    },
    'settle-dies': () => {
      world.settle(true);
    },
    stumble: () => {
      stumble(world, 'nth' in happens ? happens.nth : 0);
    },
    storm: () => {
      storm(world, 'phase' in happens ? happens.phase : 'waking');
    },
  };
  handlers[happens.kind]();
}

/**
 * Whoever owns the cluster dies, whoever comes to take over dies before it has, and so does settle-execution between its two calls:
 * the name is passed over, and what was to have the next one was not started. By chance alone the walk almost never comes here.
 */
function stumble(world: World, steps: number): void {
  world.act('sleep');
  for (let step = 0; step <= steps; step += 1) world.step(0);
  world.dieAll();
  world.settle();
  world.dieAll();
  world.settle(true);
}

/** Somebody goes on asking, and nothing succeeds in one of the phases: what finally is too much. */
function storm(world: World, phase: string): void {
  world.act('sleep');
  for (let round = 0; round < 100; round += 1) {
    const { record } = world;
    const next = world.executions.find(({ status }) => status === 'runs')?.at;
    const fails = phase === 'waking' ? next === 'services' : next === 'members' && record.phase === phase;
    world.step(0, fails ? 'fails' : 'works');
    world.settle();
    if (record.phase === 'asleep') world.request();
  }
}

test('no reachable state is stuck, and no acknowledged write is lost', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 120 }), (events) => {
      const world = new World();
      for (const happens of events) apply(world, happens);
      seen.add(`${world.record.phase}/${world.record.nap?.point ?? ''}`);
      world.calm();
      seen.add(`${world.record.phase}/${world.record.nap?.point ?? ''}`);
      const { record, compute, members, rulesOpen, acknowledged, inQuorum } = world;
      expect(isResting(record.phase)).toBe(true);
      expect(record.owner).toBeUndefined();
      if (record.phase === 'awake') {
        expect({ compute, rulesOpen }).toEqual({ compute: true, rulesOpen: true });
        expect(members ? inQuorum : world.acknowledged).toBe(acknowledged);
        expect(record.nap).toBeUndefined();
      }
      if (record.phase === 'asleep') {
        expect({ compute, members }).toEqual({ compute: false, members: false });
        expect(world.archived()).toBe(acknowledged);
        expect(record.wakeWanted).toBeUndefined();
      }
      if (record.phase === 'failed') {
        // Everything that was acknowledged is still somewhere, and a person can go on from there.
        expect(world.archived() === acknowledged || (members && inQuorum === acknowledged)).toBe(true);
        world.act('wake');
        world.calm();
        world.act('wake');
        world.calm();
        expect(world.record.phase).toBe('awake');
      }
      // And it goes on living.
      world.act('sleep');
      world.calm();
      world.request();
      world.calm();
      if (world.members) expect(world.inQuorum).toBe(world.acknowledged);
    }),
    { numRuns: 6_000 },
  );
  // The walk has been everywhere that it is meant to be proved for.
  for (const phase of ['falling-asleep', 'waking', 'asleep', 'awake', 'failed']) {
    expect([...seen].some((state) => state.startsWith(phase))).toBe(true);
  }
});
