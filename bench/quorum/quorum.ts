/**
 * `quorum`: an etcd quorum formed, made whole after a follower was killed, and brought back after all of it was killed, through
 * the real machines on the local AWS; each in turns with what the same containers and programs take without them. What the
 * local AWS itself takes for as many calls and states is measured beside it (floor.ts), and every result is told with it and
 * without it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fill } from '../../tests/fixtures/archive.ts';
import { connectEtcd } from '../../functions/common/etcd/client.ts';
import { endpointOf } from '../../functions/common/quorum/members.ts';
import { down } from '../../local/down.ts';
import { ensureImages } from '../../local/images/images.ts';
import { startContainerService } from '../../local/runtime/podman.ts';
import { bringUpStack } from '../../local/up.ts';
import { planBare, type Bare } from '../../tests/chaos/bare.ts';
import type { Member } from '../../tests/chaos/quorum.ts';
import { Stack, until } from '../../tests/chaos/stack.ts';
import { buildLimit } from '../archive/limit.ts';
import type { Benchmark } from '../main.ts';
import { measurement, type Goal, type Measurement } from '../measurement.ts';
import { formByHand, healthy, type Engine } from './by-hand.ts';
import { prepareFloor } from './floor.ts';
import { takeSnapshot } from './snapshot.ts';
import { countSteps, describeSteps, stepsOf, type Step } from './steps.ts';

const RUNS = 5;
const KEYS = 100_000;
const VALUE_BYTES = 200;
const TIMEOUT_MS = 5 * 60_000;
/** As often as the other side looks. */
const LOOK_MS = 20;
/** etcd takes no change of its members before they have been connected for five seconds: nothing that is measured here. */
const CONNECTED_MS = 5_500;

/** What one of our runs took, in milliseconds, and the states that its machines went through meanwhile. */
interface Run {
  readonly tookMs: number;
  readonly steps: readonly Step[];
}

/** Milliseconds of each run. */
interface Series {
  readonly ours: number[];
  readonly floor: number[];
  readonly reference: number[];
}

const series = (): Series => ({ ours: [], floor: [], reference: [] });

export const quorum: Benchmark = async ({ settings, runs: asked, report }) => {
  const runs = asked ?? RUNS;
  const limit = await buildLimit(settings);
  const images = await ensureImages(settings, report);
  await down(settings);
  await bringUpStack(settings);
  const engine: Engine = { settings, dockerHost: await startContainerService(settings), image: images.etcd };
  const stack = new Stack(settings);
  const formed = series();
  const replaced = series();
  const restored = series();
  const snapshot = await takeSnapshot(limit, KEYS);
  const floor = await prepareFloor(settings, images.etcd);
  const note = ({ ours }: Series, { tookMs, steps }: Run) => {
    ours.push(tookMs);
    report(describeSteps(steps));
    return countSteps(steps);
  };
  try {
    // The first ones start the functions; they are not among the runs.
    const first = await form(stack);
    await sleep(CONNECTED_MS);
    await replaceFollower(stack, first.bare);
    await first.bare.remove();
    for (let run = 1; run <= runs; run += 1) {
      report(`run ${run} of ${runs}: bootstrap and a killed follower`);
      const { bare, ...bootstrap } = await form(stack);
      formed.floor.push(await floor.afterStart(note(formed, bootstrap)));
      await sleep(CONNECTED_MS);
      replaced.floor.push(await floor.afterDeath(note(replaced, await replaceFollower(stack, bare))));
      await bare.remove();
      report(`run ${run} of ${runs}: the same by hand`);
      const hand = await formByHand(engine);
      try {
        formed.reference.push(hand.formedMs);
        await sleep(CONNECTED_MS);
        replaced.reference.push(await hand.replaceFollower());
      } finally {
        await hand.remove();
      }
    }
    await loseAll(stack);
    for (let run = 1; run <= runs; run += 1) {
      report(`run ${run} of ${runs}: total loss of ${KEYS} keys`);
      restored.floor.push(await floor.afterDeath(note(restored, await loseAll(stack))));
      report(`run ${run} of ${runs}: etcdutl snapshot restore`);
      restored.reference.push(await snapshot.restore());
    }
  } finally {
    snapshot.remove();
    await floor.remove();
    await down(settings);
  }
  return [
    ...rowsOf('bootstrap, from the start of its execution to a healthy quorum', formed, {
      reference: 'three bare containers started by hand',
      goal: { of: 'ratio', atMost: 1.5 },
    }),
    ...rowsOf('a killed follower, to three healthy members', replaced, {
      reference: 'a bare container started by hand as learner, to three',
      goal: { of: 'ratio', atMost: 2 },
    }),
    ...rowsOf(
      `total loss, to a writable quorum with ${KEYS.toLocaleString('en')} keys of ${VALUE_BYTES} bytes`,
      restored,
      { reference: 'etcdutl snapshot restore and start', goal: { of: 'ratio', atMost: 2 } },
    ),
  ];
};

/**
 * With what the local AWS takes, that alone, and without it; the goal is held against the first and the last. The least that it
 * took is taken off: what disturbed it makes nothing of ours look faster.
 */
function rowsOf(
  metric: string,
  { ours, floor, reference }: Series,
  { reference: name, goal }: { readonly reference: string; readonly goal: Goal },
): Measurement[] {
  const inSeconds = (values: readonly number[]) => values.map((milliseconds) => milliseconds / 1_000);
  const limit = { name, values: inSeconds(reference) };
  const least = Math.min(...floor);
  const rest = ours.map((tookMs) => tookMs - least);
  return [
    measurement({ metric, unit: 's', ours: inSeconds(ours), reference: limit, goal }),
    measurement({
      metric: 'of it, the local AWS: its events, and as many calls and states of a machine that does nothing',
      unit: 's',
      ours: inSeconds(floor),
    }),
    measurement({
      metric: `${metric}, less the least of that`,
      unit: 's',
      ours: inSeconds(rest),
      reference: limit,
      goal,
    }),
  ];
}

async function form(stack: Stack): Promise<Run & { readonly bare: Bare }> {
  const bare = await planBare(stack, 'bench', 3);
  const started = Date.now();
  const executionArn = await bare.bootstrap();
  const { status, error, cause, stoppedAt } = await stack.ended(executionArn, TIMEOUT_MS);
  if (status !== 'SUCCEEDED') throw new Error(`The bootstrap ended ${status}: ${error ?? ''} ${cause ?? ''}`);
  await healthy((await bare.quorum.members()).map(({ address }) => address));
  await bare.serve();
  const executions = [{ machine: 'bootstrap-quorum', executionArn }];
  return {
    bare,
    tookMs: stoppedAt - started,
    steps: await stepsOf(stack.settings, executions, started, stoppedAt),
  };
}

async function replaceFollower(stack: Stack, { name, quorum: members }: Bare): Promise<Run> {
  const seen = await members.whole(3, [], TIMEOUT_MS);
  const victim = seen.find(({ leads }) => !leads);
  if (victim === undefined) throw new Error('The quorum has no follower.');
  const kill = await members.aimAt([victim]);
  const started = Date.now();
  kill();
  const after = await until(
    'three members without the victim',
    TIMEOUT_MS,
    async () => {
      const now = await members.members();
      return now.length === 3 && !now.some(({ taskId }) => taskId === victim.taskId) ? now : undefined;
    },
    LOOK_MS,
  );
  await healthy(after.map(({ address }) => address));
  const ended = Date.now();
  const executions = await executionsOf(stack, name, ['replace-member'], started);
  await Promise.all(executions.map(({ executionArn }) => stack.ended(executionArn, TIMEOUT_MS)));
  return { tookMs: ended - started, steps: await stepsOf(stack.settings, executions, started, ended) };
}

/** From the kill to three members that hold every key and take a write; Milvus starts meanwhile, as it does in a recovery. */
async function loseAll(stack: Stack): Promise<Run> {
  const { bare } = await form(stack);
  try {
    const old = await bare.quorum.members();
    await fillAndArchive(stack, bare, old);
    const before = await stack.executions('bootstrap-quorum', bare.name);
    const kill = await bare.quorum.aimAt(old);
    const started = Date.now();
    kill();
    const bootstrap = await stack.begun('bootstrap-quorum', bare.name, before, TIMEOUT_MS);
    const { status, cause, stoppedAt } = await stack.ended(bootstrap, TIMEOUT_MS);
    if (status !== 'SUCCEEDED') throw new Error(`The quorum was not restored: ${cause ?? ''}`);
    await mustHoldAll(await bare.quorum.members());
    const machines = ['replace-member', 'recover-quorum', 'bootstrap-quorum'];
    const executions = await executionsOf(stack, bare.name, machines, started);
    await Promise.all(executions.map(({ executionArn }) => stack.ended(executionArn, TIMEOUT_MS)));
    return { tookMs: stoppedAt - started, steps: await stepsOf(stack.settings, executions, started, stoppedAt) };
  } finally {
    await bare.remove();
  }
}

async function fillAndArchive(stack: Stack, bare: Bare, members: readonly Member[]): Promise<void> {
  const endpoints = members.map(({ address }) => endpointOf(address));
  const client = connectEtcd(endpoints, { timeoutMs: 30_000 });
  try {
    await fill(client, KEYS, VALUE_BYTES);
  } finally {
    client.close();
  }
  const archived = await stack.ended(await stack.start('archive-metadata', { cluster: bare.name }), TIMEOUT_MS);
  if (archived.status !== 'SUCCEEDED') throw new Error(`The archive was not taken: ${archived.cause ?? ''}`);
}

/** Writable from the end of its execution on: the first write is not waited for. */
async function mustHoldAll([member]: readonly Member[]): Promise<void> {
  const client = connectEtcd([endpointOf(member?.address ?? '')], { timeoutMs: 30_000 });
  try {
    await client.put({ key: 'written-after', value: 'yes' });
    const { count } = await client.range({ key: 'by-dev/', rangeEnd: 'by-dev0', countOnly: true });
    if (count !== KEYS) throw new Error(`The recovery brought back ${count} keys, not ${KEYS}.`);
  } finally {
    client.close();
  }
}

/** Those that began since; of several that one loss has started, the one that named it: the others left it to that one. */
async function executionsOf(stack: Stack, cluster: string, machines: readonly string[], since: number) {
  const found = await Promise.all(
    machines.map(async (machine) => {
      const all = await stack.executions(machine, cluster);
      const begun = all.filter(({ startDate }) => (startDate?.getTime() ?? 0) >= since);
      const chosen = begun.find(({ status }) => status === 'FAILED') ?? begun.at(-1);
      return chosen === undefined ? [] : [{ machine, executionArn: chosen.executionArn ?? '' }];
    }),
  );
  return found.flat();
}
