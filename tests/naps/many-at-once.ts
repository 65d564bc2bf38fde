/** Many clients at once on a cluster that sleeps: one wake, and every one gets the right answer at its first call. */
import { DEMO } from '../../local/stack/cluster.ts';
import type { ClientKind } from './clients/client.ts';
import { heldSince } from './hold-log.ts';
import { range } from './rows.ts';
import { BASE_ROWS, COLLECTION, type World } from './world.ts';

/** Of every kind in turn, unless they are given. */
export async function manyAtOnce(world: World, count: number, kind?: ClientKind): Promise<void> {
  await world.asleep();
  const before = await world.stack.executions('wake-cluster', DEMO);
  const clients = kind === undefined ? world.newClients(count) : range(0, count).map(() => world.newClient(kind));
  const started = Date.now();
  const answers = await Promise.allSettled(
    clients.map(async (client, n) => {
      const id = (n * 7) % BASE_ROWS;
      const found = await client.search(COLLECTION, id);
      return { client: client.kind, id, found };
    }),
  );
  const took = Math.round((Date.now() - started) / 1_000);
  await Promise.all(clients.map((client) => client.close()));
  const wrong = answers.flatMap((answer, n) => {
    if (answer.status === 'rejected') return [`${clients[n]?.kind ?? ''}: ${String(answer.reason)}`];
    const { client, id, found } = answer.value;
    return found === id ? [] : [`${client} asked for ${id} and got ${found ?? 'nothing'}`];
  });
  expect(wrong).toEqual([]);
  const known = new Set(before.map(({ executionArn }) => executionArn));
  const wakes = (await world.stack.executions('wake-cluster', DEMO)).filter(
    ({ executionArn }) => !known.has(executionArn),
  );
  expect(wakes.map(({ status }) => status)).toEqual(['SUCCEEDED']);
  const held = await heldSince(world.stack.settings, started);
  process.stderr.write(`${count} clients at once: one wake, all right within ${took} s; ${JSON.stringify(held)}\n`);
}
