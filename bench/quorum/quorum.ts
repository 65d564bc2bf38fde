/**
 * `quorum`: an etcd quorum formed, made whole after a follower was killed, and brought back after all of it was killed, through
 * the real machines on the local AWS; each in turns with what the same containers and programs take without them.
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
import type { Seen } from '../../tests/chaos/quorum.ts';
import { Stack } from '../../tests/chaos/stack.ts';
import { buildLimit } from '../archive/limit.ts';
import type { Benchmark } from '../main.ts';
import { measurement } from '../measurement.ts';
import { formByHand, healthy, type Engine } from './by-hand.ts';
import { takeSnapshot } from './snapshot.ts';

const RUNS = 5;
const KEYS = 100_000;
const VALUE_BYTES = 200;
const TIMEOUT_MS = 5 * 60_000;
/** etcd takes no change of its members before they have been connected for five seconds: nothing that is measured here. */
const CONNECTED_MS = 5_500;

export const quorum: Benchmark = async ({ settings, runs: asked, report }) => {
  const runs = asked ?? RUNS;
  const limit = await buildLimit(settings);
  const images = await ensureImages(settings, report);
  await down(settings);
  await bringUpStack(settings);
  const engine: Engine = { settings, dockerHost: await startContainerService(settings), image: images.etcd };
  const stack = new Stack(settings);
  const formed = { ours: [] as number[], limit: [] as number[] };
  const replaced = { ours: [] as number[], limit: [] as number[] };
  const restored = { ours: [] as number[], limit: [] as number[] };
  const snapshot = await takeSnapshot(limit, KEYS);
  try {
    // The first one starts the functions; it is not one of the runs.
    await (await form(stack)).bare.remove();
    for (let run = 1; run <= runs; run += 1) {
      report(`run ${run} of ${runs}: bootstrap and a killed follower`);
      const ours = await form(stack);
      formed.ours.push(ours.tookMs);
      await sleep(CONNECTED_MS);
      replaced.ours.push(await replaceFollower(ours.bare));
      await ours.bare.remove();
      report(`run ${run} of ${runs}: the same by hand`);
      const hand = await formByHand(engine);
      try {
        formed.limit.push(hand.formedMs);
        await sleep(CONNECTED_MS);
        replaced.limit.push(await hand.replaceFollower());
      } finally {
        await hand.remove();
      }
    }
    for (let run = 1; run <= runs; run += 1) {
      report(`run ${run} of ${runs}: total loss of ${KEYS} keys`);
      restored.ours.push(await loseAll(stack));
      report(`run ${run} of ${runs}: etcdutl snapshot restore`);
      restored.limit.push(await snapshot.restore());
    }
  } finally {
    snapshot.remove();
    await down(settings);
  }
  const inSeconds = (values: readonly number[]) => values.map((milliseconds) => milliseconds / 1_000);
  return [
    measurement({
      metric: 'bootstrap, from the start of its execution to a healthy quorum',
      unit: 's',
      ours: inSeconds(formed.ours),
      reference: { name: 'three bare containers started by hand', values: inSeconds(formed.limit) },
      goal: { of: 'ratio', atMost: 1.5 },
    }),
    measurement({
      metric: 'a killed follower, to three healthy members',
      unit: 's',
      ours: inSeconds(replaced.ours),
      reference: { name: 'a bare container started by hand as learner, to three', values: inSeconds(replaced.limit) },
      goal: { of: 'ratio', atMost: 2 },
    }),
    measurement({
      metric: `total loss, to a writable quorum with ${KEYS.toLocaleString('en')} keys of ${VALUE_BYTES} bytes`,
      unit: 's',
      ours: inSeconds(restored.ours),
      reference: { name: 'etcdutl snapshot restore and start', values: inSeconds(restored.limit) },
      goal: { of: 'ratio', atMost: 2 },
    }),
  ];
};

async function form(stack: Stack): Promise<{ readonly bare: Bare; readonly tookMs: number }> {
  const bare = await planBare(stack, 'bench', 3);
  const started = performance.now();
  const execution = await bare.bootstrap();
  const { status, error, cause } = await stack.ended(execution, TIMEOUT_MS);
  const tookMs = performance.now() - started;
  if (status !== 'SUCCEEDED') throw new Error(`The bootstrap ended ${status}: ${error ?? ''} ${cause ?? ''}`);
  await healthy((await bare.quorum.members()).map(({ address }) => address));
  await bare.serve();
  return { bare, tookMs };
}

async function replaceFollower({ quorum: members }: Bare): Promise<number> {
  const seen = await members.whole(3, [], TIMEOUT_MS);
  const victim = seen.find(({ leads }) => !leads);
  if (victim === undefined) throw new Error('The quorum has no follower.');
  const started = performance.now();
  await members.kill(victim);
  const after: readonly Seen[] = await members.whole(3, [victim], TIMEOUT_MS);
  await healthy(after.map(({ address }) => address));
  return performance.now() - started;
}

/** From the kill to three members that hold every key and take a write; Milvus starts meanwhile, as it does in a recovery. */
async function loseAll(stack: Stack): Promise<number> {
  const { bare } = await form(stack);
  const old = await bare.quorum.members();
  const client = connectEtcd(
    old.map(({ address }) => endpointOf(address)),
    { timeoutMs: 30_000 },
  );
  try {
    await fill(client, KEYS, VALUE_BYTES);
  } finally {
    client.close();
  }
  const archived = await stack.ended(await stack.start('archive-metadata', { cluster: bare.name }), TIMEOUT_MS);
  if (archived.status !== 'SUCCEEDED') throw new Error(`The archive was not taken: ${archived.cause ?? ''}`);
  const before = await stack.executions('bootstrap-quorum', bare.name);
  const recoveries = await stack.executions('recover-quorum', bare.name);
  const started = performance.now();
  await Promise.all(old.map((member) => bare.quorum.kill(member)));
  const bootstrap = await stack.begun('bootstrap-quorum', bare.name, before, TIMEOUT_MS);
  const { status, cause } = await stack.ended(bootstrap, TIMEOUT_MS);
  if (status !== 'SUCCEEDED') throw new Error(`The quorum was not restored: ${cause ?? ''}`);
  const [member] = await bare.quorum.members();
  const again = connectEtcd([endpointOf(member?.address ?? '')], { timeoutMs: 30_000 });
  try {
    await again.put({ key: 'written-after', value: 'yes' });
    const tookMs = performance.now() - started;
    const { count } = await again.range({ key: 'by-dev/', rangeEnd: 'by-dev0', countOnly: true });
    if (count !== KEYS) throw new Error(`The recovery brought back ${count} keys, not ${KEYS}.`);
    const recovery = await stack.begun('recover-quorum', bare.name, recoveries, TIMEOUT_MS);
    await stack.ended(recovery, TIMEOUT_MS);
    return tookMs;
  } finally {
    again.close();
    await bare.remove();
  }
}
