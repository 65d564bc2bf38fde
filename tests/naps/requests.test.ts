/** Sleep and wake, asked by real clients that know nothing of it. The short forms are in tests/e2e/naps.test.ts. */
import { GetFunctionConcurrencyCommand, LambdaClient, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { down } from '../../local/down.ts';
import { localSettings } from '../../local/settings.ts';
import { awsClient } from '../../local/stack/aws.ts';
import { bringUp } from '../../local/up.ts';
import { CLIENT_KINDS } from './clients/client.ts';
import { refuseShifted } from './clock.ts';
import { manyAtOnce } from './many-at-once.ts';
import { randomRequests, seedOf } from './random-requests.ts';
import { range } from './rows.ts';
import { BASE_ROWS, COLLECTION, World } from './world.ts';
import { writePastTheEntry, writeThroughTheEntry } from './writers.ts';

const settings = localSettings();
const FIRST_START_MS = 20 * 60_000;
const TEST_MS = 15 * 60_000;
const LONG_TEST_MS = 60 * 60_000;
/** Each request that is held is a Node process of 70 MiB in local mode: two hundred need a machine of their own. */
const MANY = Number(process.env['REDKITE_CLIENTS'] ?? 45);
const HELD = 3;
const CYCLES = Number(process.env['REDKITE_CYCLES'] ?? 20);
let world: World;

beforeAll(async () => {
  refuseShifted(settings);
  world = await World.of((await bringUp(settings)).apiUrl);
}, FIRST_START_MS);

afterAll(async () => {
  await world.stop();
  if (process.env['REDKITE_KEEP'] === undefined) await down(settings);
});

test.each(CLIENT_KINDS)(
  'a client (%s) that has written finds it after a sleep, at its first call',
  async (kind) => {
    await world.awake();
    const client = world.newClient(kind);
    await world.insert(client, 10);
    await world.asleep();
    expect(await client.search(COLLECTION, BASE_ROWS - 1)).toBe(BASE_ROWS - 1);
    await client.close();
  },
  TEST_MS,
);

test(
  `${MANY} clients at once on a sleeping cluster wake it once`,
  () => manyAtOnce(world, world.newClients(MANY)),
  TEST_MS,
);

test(
  'more than may be held at once: those above the bound are refused by the load balancer, and their library tries again',
  async () => {
    const lambda = awsClient(settings, LambdaClient);
    const FunctionName = `redkite-${settings.stage}-holdRequest`;
    const { ReservedConcurrentExecutions } = await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }));
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: HELD }));
    try {
      // Of the libraries this one tries for as long as it takes; what the others do stands in decision 10.
      const clients = range(0, 4 * HELD).map(() => world.newClient('python'));
      await manyAtOnce(world, clients, HELD);
    } finally {
      await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
    }
    expect(ReservedConcurrentExecutions).toBeGreaterThan(MANY);
  },
  TEST_MS,
);

test(
  'no acknowledged row is missing after a sleep during which rows came through the load balancer',
  () => writeThroughTheEntry(world),
  TEST_MS,
);

test('nor one that came past it, until the proxy was gone', () => writePastTheEntry(world), TEST_MS);

test(
  `requests at random moments through ${CYCLES} sleeps and wakes`,
  async () => {
    await randomRequests(world, seedOf(process.env['REDKITE_SEED']), CYCLES);
  },
  LONG_TEST_MS,
);
