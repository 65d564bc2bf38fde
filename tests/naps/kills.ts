/**
 * Every task of a cluster killed at once in the middle of a sleep or a wake, as when the machines under them die: it comes to
 * rest awake or asleep, by itself, and nothing acknowledged is lost.
 */
import { z } from 'zod';
import { taskFamily } from '../../functions/common/cluster/names.ts';
import { podman } from '../../local/runtime/podman.ts';
import { DEMO } from '../../local/stack/cluster.ts';
import { messageOf } from '../../functions/common/lambda/errors.ts';
import { until } from '../chaos/stack.ts';
import type { KillPoint } from './kill-points.ts';
import { expectSameRows, seeRows } from './same-rows.ts';
import { COLLECTION, type World } from './world.ts';

export interface KillResult {
  readonly killed: number;
  /** Where the execution that was hit, or whatever took its work over, came to rest. */
  readonly rested: 'awake' | 'asleep';
}

const ENTERED_MS = 2 * 60_000;
const REACHED_MS = 5 * 60_000;
/** A quorum that is lost is noticed within a minute and restored in another; then Milvus waits for its old sessions to expire. */
const WHOLE_MS = 5 * 60_000;
/** Above any wake. The SDK for Node may wait for ever for an answer to its second try (decision 10). */
const CLIENT_MS = 100_000;
const NEW_ROWS = 3;

const containersSchema = z.array(z.object({ Names: z.array(z.string()), Pid: z.int().positive() }));

/** All at once, without a word: no signal that any of them could act on. Resolves to how many there were. */
async function killEveryTask({ stack: { settings } }: World): Promise<number> {
  const family = taskFamily(settings.stage, DEMO, '');
  const listed = await podman(settings, ['ps', '--format', 'json', '--filter', `name=${family}`]);
  const containers = containersSchema.parse(JSON.parse(listed));
  let killed = 0;
  for (const { Pid } of containers) {
    try {
      process.kill(Pid, 'SIGKILL');
      killed += 1;
    } catch (error) {
      // It has ended by itself since it was listed.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
  return killed;
}

/**
 * Resolves, in that very state, to the generation before. A sleep that turns round on its way there because it found Milvus at work,
 * at its first look or at a later one, begins again.
 */
async function reach(world: World, { action, machine, state }: Omit<KillPoint, 'empty'>): Promise<number> {
  const { stack } = world;
  const deadline = Date.now() + REACHED_MS;
  for (;;) {
    const { generation } = await world.show();
    const before = await stack.executions(machine, DEMO);
    await world.ask(action);
    const execution = await stack.begun(machine, DEMO, before, ENTERED_MS);
    try {
      await stack.entered(execution, state, ENTERED_MS);
      return generation;
    } catch (error) {
      const { phase, turnedRound } = await world.show();
      if (phase !== 'awake' || turnedRound === undefined || Date.now() > deadline) throw error;
      process.stderr.write(`the sleep is asked for again, ${turnedRound.point}: ${turnedRound.reason}\n`);
    }
  }
}

export async function killAt(world: World, point: KillPoint): Promise<KillResult> {
  try {
    return await killed(world, point);
  } catch (cause) {
    throw new Error(`${messageOf(cause)}\n${await world.told().catch(messageOf)}`, { cause });
  }
}

async function killed(world: World, { action, machine, state, empty }: KillPoint): Promise<KillResult> {
  const { stack } = world;
  await world.awake();
  const writer = world.newClient('node');
  try {
    // With all members gone, what was changed in the catalog within the last minute is lost, as the recovery says itself.
    await stack.ship(DEMO);
    // Rows are no changes of the catalog: in Kafka alone until the sleep has flushed them.
    await world.insert(writer, NEW_ROWS);
    if (action === 'wake') await world.asleep();
    const generation = await reach(world, { action, machine, state });
    const count = await killEveryTask(world);
    if (!empty) expect(count).toBeGreaterThan(0);
    const { phase } = await world.atRest(generation);
    // What is awake by its name may still wait for the tasks in the place of those that were killed.
    let reason = 'nobody was asked';
    const rows = await until('the cluster answers again', WHOLE_MS, () =>
      until('rows of one client', CLIENT_MS, () => seeRows(world)).catch((error: unknown) => {
        reason = messageOf(error);
        process.stderr.write(`asked again: ${reason}\n`);
        return undefined;
      }),
    ).catch((cause: unknown) => {
      throw new Error(`It does not answer: ${reason}`, { cause });
    });
    expectSameRows(world, rows);
    expect(await writer.search(COLLECTION, 0)).toBe(0);
    await world.awake();
    const result = { killed: count, rested: phase === 'asleep' ? ('asleep' as const) : ('awake' as const) };
    process.stderr.write(`killed at ${action}, ${machine}, ${state}: ${JSON.stringify(result)}\n`);
    return result;
  } finally {
    await writer.close();
  }
}
