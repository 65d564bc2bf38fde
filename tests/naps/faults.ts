/**
 * One call of one function fails, is throttled, or loses its answer in the middle of a sleep or a wake of a real cluster: it
 * comes to rest awake or asleep, and nothing acknowledged is lost. What can be harmed is what was called when nothing was.
 */
import { faultCases, nameOf, shareOf, type Call, type FaultCase } from '../faults/calls.ts';
import { Injector } from '../faults/injector.ts';
import { runningExecutions } from '../faults/running.ts';
import { callApi } from '../../local/stack/api.ts';
import { DEMO } from '../../local/stack/cluster.ts';
import { messageOf } from '../../functions/common/lambda/errors.ts';
import { until } from '../chaos/stack.ts';
import { expectSameRows, seeRows } from './same-rows.ts';
import { COLLECTION, type World } from './world.ts';

export type NapAction = 'sleep' | 'wake';
/** The i-th of n parts of all cases. */
export interface Choice {
  readonly part: number;
  readonly parts: number;
}

/** A message that failed comes again after a while, and so does whoever asks the API. */
const ASKED_MS = 2 * 60_000;
const ANSWERS_MS = 5 * 60_000;
const NEW_ROWS = 3;

/** The API's own functions are harmed too: whoever asks, asks again. Resolves to where it came to rest. */
async function go(world: World, apiUrl: string, action: NapAction): Promise<string> {
  const { generation } = await world.show();
  const path = `/clusters/${DEMO}/actions/${action}`;
  await until(`${action} is accepted`, ASKED_MS, async () => {
    const { status, body } = await callApi(world.stack.settings, apiUrl, { method: 'POST', path });
    if (status >= 300 && status < 500) throw new Error(`${action} answered ${status}: ${JSON.stringify(body)}`);
    return status < 300 ? true : undefined;
  });
  const { phase } = await world.atRest(generation);
  // What rests may still have an execution that is told so only by its second attempt: the harm is not over before.
  await until('nothing works on it any more', ASKED_MS, async () =>
    (await runningExecutions(world.stack.settings)).length === 0 ? true : undefined,
  );
  return phase;
}

async function prepare(world: World, action: NapAction): Promise<void> {
  await world.awake();
  const writer = world.newClient('node');
  try {
    // In Kafka alone until the sleep has flushed them.
    await world.insert(writer, NEW_ROWS);
  } finally {
    await writer.close();
  }
  if (action === 'wake') await world.asleep();
}

/** Through the load balancer, so that what sleeps is woken by it. */
async function expectEverything(world: World): Promise<void> {
  const searcher = world.newClient('node');
  let reason = 'nobody was asked';
  try {
    const rows = await until('the cluster answers', ANSWERS_MS, async () => {
      try {
        expect(await searcher.search(COLLECTION, 0)).toBe(0);
        return await seeRows(world);
      } catch (error) {
        reason = messageOf(error);
        return undefined;
      }
    }).catch((cause: unknown) => {
      throw new Error(`It does not answer: ${reason}`, { cause });
    });
    expectSameRows(world, rows);
    await world.awake();
  } finally {
    await searcher.close();
  }
}

export async function callsOf(world: World, apiUrl: string, action: NapAction): Promise<Call[]> {
  const injector = new Injector(world.stack.settings);
  await prepare(world, action);
  const calls = await injector.recorded(async () => {
    expect(await go(world, apiUrl, action)).toBe(action === 'sleep' ? 'asleep' : 'awake');
  });
  await expectEverything(world);
  return calls;
}

/** Resolves to whether it came to that call. */
export async function harmAt(world: World, apiUrl: string, action: NapAction, chosen: FaultCase): Promise<boolean> {
  const injector = new Injector(world.stack.settings);
  await prepare(world, action);
  let rested = '';
  const hits = await injector.harmed(chosen, async () => {
    rested = await go(world, apiUrl, action);
  });
  await expectEverything(world);
  process.stderr.write(`${action}, ${nameOf(chosen)}: ${hits === 0 ? 'never came to it, ' : ''}${rested}\n`);
  return hits > 0;
}

/** Throws with all that went wrong, after the last of them. */
export async function harmSome(world: World, apiUrl: string, action: NapAction, choice: Choice): Promise<void> {
  const all = faultCases(await callsOf(world, apiUrl, action));
  const cases = shareOf(all, choice.part, choice.parts);
  const wrong: string[] = [];
  let hit = 0;
  for (const chosen of cases) {
    try {
      hit += (await harmAt(world, apiUrl, action, chosen)) ? 1 : 0;
    } catch (error) {
      wrong.push(`${nameOf(chosen)}: ${messageOf(error)}`);
    }
  }
  process.stderr.write(`${action}: ${hit} of ${cases.length} cases were hit, of ${all.length} there are\n`);
  expect(wrong).toEqual([]);
}
