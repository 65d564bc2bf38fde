/**
 * Requests at random moments while a cluster falls asleep, sleeps and wakes, by clients of every kind: each is answered right,
 * or was tried again by its own library until it was; and what was acknowledged is there afterwards, no row more, no row less.
 */
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { CLIENT_KINDS, type TestClient } from './clients/client.ts';
import { heldSince } from './hold-log.ts';
import { sameRows } from './same-rows.ts';
import { BASE_ROWS, COLLECTION, type World } from './world.ts';

/** About as long as a sleep, or a wake, takes. */
const SPAN_MS = 12_000;
const FALLING_ASLEEP = 3;
const WAKING = 9;
const MOST_ROWS = 5;
const CLIENTS_A_KIND = 2;

const request = fc.record({
  afterMs: fc.integer({ min: 0, max: SPAN_MS }),
  client: fc.integer({ min: 0, max: CLIENT_KINDS.length * CLIENTS_A_KIND - 1 }),
  work: fc.oneof(
    { weight: 3, arbitrary: fc.record({ search: fc.integer({ min: 0, max: BASE_ROWS - 1 }) }) },
    { weight: 2, arbitrary: fc.record({ insert: fc.integer({ min: 1, max: MOST_ROWS }) }) },
  ),
});
const requests = (howMany: number) => fc.array(request, { minLength: howMany, maxLength: howMany });
const cycle = fc.record({
  /** When the cluster is told to fall asleep, after the first requests have begun to come. */
  sleepAfterMs: fc.integer({ min: 0, max: 1_000 }),
  fallingAsleep: requests(FALLING_ASLEEP),
  /** From the moment on that it sleeps: the first of them wakes it. */
  waking: requests(WAKING),
});
type Request = ReturnType<(typeof request)['generate']>['value'];

export interface Tally {
  readonly cycles: number;
  readonly requests: number;
  readonly inserted: number;
  /** Sleeps that ended awake, because a request came. */
  readonly turnedRound: number;
  /** Requests that met no open rule, and those of them whose library had to try again. */
  readonly held: number;
  readonly retries: number;
}

/** Another one each time, unless a run is to be seen again: `REDKITE_SEED=<number>`. */
export function seedOf(environment: string | undefined): number {
  return environment === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(environment);
}

export async function randomRequests(world: World, seed: number, cycles: number): Promise<Tally> {
  process.stderr.write(`requests at random moments, REDKITE_SEED=${seed}\n`);
  const clients = world.newClients(CLIENT_KINDS.length * CLIENTS_A_KIND);
  const send = (some: readonly Request[]) => some.map((one) => requestOf(world, clients, one));
  const started = Date.now();
  let turnedRound = 0;
  const before = world.acknowledged.size;
  try {
    for (const { sleepAfterMs, fallingAsleep, waking } of fc.sample(fc.noBias(cycle), { seed, numRuns: cycles })) {
      const { generation } = await world.awake();
      const [{ phase }] = await Promise.all([
        delay(sleepAfterMs)
          .then(() => world.ask('sleep'))
          .then(() => world.atRest(generation)),
        ...send(fallingAsleep),
      ]);
      turnedRound += (phase === 'awake' ? 1 : 0) + (await world.asleep());
      await Promise.all(send(waking));
    }
    await sameRows(world);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  const { requests: held, retries } = await heldSince(world.stack.settings, started);
  const tally = {
    cycles,
    requests: cycles * (FALLING_ASLEEP + WAKING),
    inserted: world.acknowledged.size - before,
    turnedRound,
    held,
    retries,
  };
  process.stderr.write(`${JSON.stringify(tally)}\n`);
  return tally;
}

async function requestOf(world: World, clients: readonly TestClient[], { afterMs, client, work }: Request) {
  await delay(afterMs);
  const chosen = clients[client];
  if (chosen === undefined) throw new Error(`There is no client ${client}.`);
  if ('search' in work) {
    expect([chosen.kind, await chosen.search(COLLECTION, work.search)]).toEqual([chosen.kind, work.search]);
  } else {
    await world.insert(chosen, work.insert);
  }
}
