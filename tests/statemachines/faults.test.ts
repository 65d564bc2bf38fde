/**
 * Each call of each function on the way to sleep and to wake fails, is throttled, or loses its answer, one at a time: the cluster
 * ends awake or asleep, never in between, and everything is as its phase says. `npm run test:faults` runs a
 * few of the cases, with `-- --share i/n` the i-th of n parts of all of them, with `-- --only <part of a name>` those of that name.
 */
import { BareWorld } from '../faults/bare-world.ts';
import { faultCases, nameOf, parseShare, sampled, shareOf, type Call, type FaultCase } from '../faults/calls.ts';

const share = process.env['REDKITE_FAULTS'];
const only = process.env['REDKITE_FAULTS_ONLY'];
/** On each way; of three seconds each, some of them a minute. */
const CASES = 3;
const START_MS = 5 * 60_000;
const ALL_MS = 24 * 60 * 60_000;

const ACTIONS = { sleep: 'asleep', wake: 'awake' } as const;
type Action = keyof typeof ACTIONS;

let world: BareWorld;

beforeAll(async () => {
  world = await BareWorld.start();
}, START_MS);

afterAll(async () => {
  await world.stop();
});

async function go(action: Action): Promise<void> {
  const { generation } = await world.record();
  await world.ask(action);
  await world.atRest(generation);
}

function chosenOf(all: readonly FaultCase[]): FaultCase[] {
  if (only !== undefined) return all.filter((of) => nameOf(of).includes(only));
  return share === undefined ? sampled(all, CASES) : shareOf(all, ...parseShare(share));
}

/** Resolves to whether it came to that call at all. */
async function harm(action: Action, chosen: FaultCase): Promise<boolean> {
  await world.bring(action === 'sleep' ? 'awake' : 'asleep');
  await world.expectTruth();
  const hits = await world.injector.harmed(chosen, () => go(action));
  await world.expectTruth();
  // And it goes on living, whatever it came to.
  await world.bring(ACTIONS[action]);
  await world.expectTruth();
  return hits > 0;
}

async function recorded(action: Action): Promise<Call[]> {
  await world.bring(action === 'sleep' ? 'awake' : 'asleep');
  const calls = await world.injector.recorded(async () => {
    await go(action);
    await world.expectTruth();
  });
  expect((await world.record()).phase).toBe(ACTIONS[action]);
  return calls;
}

test.each(['sleep', 'wake'] as const)(
  'whatever call fails on the way to %s, it comes to rest',
  async (action) => {
    const calls = await recorded(action);
    const all = faultCases(calls);
    const cases = chosenOf(all);
    const wrong: string[] = [];
    const missed: string[] = [];
    for (const chosen of cases) {
      const started = performance.now();
      try {
        if (!(await harm(action, chosen))) missed.push(nameOf(chosen));
      } catch (error) {
        wrong.push(`${nameOf(chosen)}: ${String(error)}`);
      }
      const seconds = Math.round((performance.now() - started) / 1_000);
      const { phase, generation } = await world.record();
      process.stderr.write(`${action} ${nameOf(chosen)}: ${phase} in generation ${generation}, ${seconds} s\n`);
    }
    process.stderr.write(`${action}: ${calls.length} calls, ${cases.length} of ${all.length} cases\n`);
    for (const name of missed) process.stderr.write(`it never came to ${name}\n`);
    expect(wrong).toEqual([]);
    // How often events come together, and how often somebody looks, is not the same each time.
    expect(missed.filter((name) => name.includes(' 1: '))).toEqual([]);
  },
  ALL_MS,
);
