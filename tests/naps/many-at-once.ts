/** Many clients at once on a cluster that sleeps: one wake, and every one gets the right answer at its first call. */
import { DEMO } from '../../local/stack/cluster.ts';
import { until } from '../chaos/stack.ts';
import type { TestClient } from './clients/client.ts';
import { heldSince } from './hold-log.ts';
import { BASE_ROWS, COLLECTION, type World } from './world.ts';

const LOGGED_MS = 60_000;
const idOf = (n: number) => (n * 7) % BASE_ROWS;

/** What is wrong with the answers, of which each is another client's. */
async function ask(clients: readonly TestClient[]): Promise<string[]> {
  const answers = await Promise.allSettled(clients.map((client, n) => client.search(COLLECTION, idOf(n))));
  return answers.flatMap((answer, n) => {
    const { kind } = clients[n] ?? {};
    if (answer.status === 'rejected') return [`${kind ?? ''}: ${String(answer.reason)}`];
    return answer.value === idOf(n) ? [] : [`${kind ?? ''} asked for ${idOf(n)} and got ${answer.value ?? 'nothing'}`];
  });
}

/**
 * The clients are open before the cluster falls asleep, as those of services are: making two hundred takes one process longer than
 * a wake does, and then they would not come at once.
 */
export async function manyAtOnce(
  world: World,
  clients: readonly TestClient[],
  mostHeld = clients.length,
): Promise<void> {
  await world.awake();
  expect(await ask(clients)).toEqual([]);
  await world.asleep();
  const before = await world.stack.executions('wake-cluster', DEMO);
  const started = Date.now();
  const wrong = await ask(clients);
  const took = Math.round((Date.now() - started) / 1_000);
  await Promise.all(clients.map((client) => client.close()));
  expect(wrong).toEqual([]);
  const known = new Set(before.map(({ executionArn }) => executionArn));
  const wakes = (await world.stack.executions('wake-cluster', DEMO)).filter(
    ({ executionArn }) => !known.has(executionArn),
  );
  expect(wakes.map(({ status }) => status)).toEqual(['SUCCEEDED']);
  const held = await until(`${mostHeld} requests that were held`, LOGGED_MS, async () => {
    const seen = await heldSince(world.stack.settings, started);
    return seen.requests >= mostHeld ? seen : undefined;
  });
  process.stderr.write(
    `${clients.length} clients at once: one wake, all right in ${took} s; ${JSON.stringify(held)}\n`,
  );
}
