/** GET /clusters/{name}/cost, from the registry and the bucket to what is shown. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { costViewSchema } from '../../../functions/common/http/cost-view.ts';
import { Problem } from '../../../functions/common/http/problem.ts';
import { BUNDLED_PRICES } from '../../../functions/common/cost/prices.ts';
import { showCost } from '../../../functions/show-cost/cost.ts';
import { parsePrices, PRICES_KEY } from '../../../functions/show-cost/own-prices.ts';
import { memoryStore } from '../archive/memory-store.ts';
import { aRecord } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  table: 'registry',
};
const deployment = {
  brokers: 3,
  brokerType: 'kafka.t3.small',
  brokerVolumeGib: 20,
  publicAddresses: true,
  alarms: true,
};
const CREATED = '2026-11-01T00:00:00.000Z';
const NOW = new Date('2026-11-11T00:00:00.000Z');
const record = aRecord({ phase: 'asleep', phaseSince: '2026-11-10T00:00:00.000Z', createdAt: CREATED });

let store: ReturnType<typeof memoryStore>;
beforeEach(() => {
  store = memoryStore();
  dynamo.reset();
  dynamo
    .on(QueryCommand)
    .resolvesOnce({ Count: 3, LastEvaluatedKey: { pk: 'c' } })
    .resolves({ Count: 1 });
  dynamo.on(GetCommand).resolves({
    Item: { 'seconds#awake': 72 * 3_600, 'seconds#asleep': 144 * 3_600, 'times#waking': 5, 'times#falling-asleep': 6 },
  });
});
const show = (month?: string, region = 'us-east-1') =>
  showCost({ registry, settings: store, deployment, region }, record, month, NOW);
const put = (table: unknown) => store.put(PRICES_KEY, Buffer.from(JSON.stringify(table)));

test('the hours of the month, those of the present sleep too, and what they saved', async () => {
  const cost = await show();
  expect(costViewSchema.parse(cost)).toEqual(cost);
  const { estimate, month } = cost;
  expect(month).toMatchObject({
    ...{ month: '2026-11', hours: { elapsed: 240, running: 72, asleep: 168, failed: 0, unaccounted: 0 } },
    ...{ wakes: 5, sleeps: 6 },
  });
  expect(estimate.clusters).toBe(4);
  expect(estimate.share).toBeCloseTo(estimate.sharedTotal / 4, 3);
  expect(month.neverAsleep - month.total).toBeCloseTo(month.saved, 3);
  const perHour = (estimate.clusterTotal.awake - estimate.clusterTotal.asleep) / 730;
  expect(month.saved).toBeCloseTo(168 * perHour - month.naps, 2);
  expect(dynamo.commandCalls(GetCommand)[0]?.args[0].input.Key).toEqual({ pk: 'hours#demo', sk: '2026-11' });
});

test('a month before anything was kept says so and costs no guess', async () => {
  dynamo.on(GetCommand).resolves({});
  const { month, notes } = await show();
  expect(month.hours).toMatchObject({ running: 0, asleep: 24, unaccounted: 216 });
  expect(notes.join()).toContain('216.0 hours');
});

test('a month that has not come yet is refused', async () => {
  await expect(show('2026-12')).rejects.toMatchObject({ code: 'invalid_request', fields: [{ field: 'month' }] });
});

test('the table of the deployment is used when there is one, and another object beside it is not', async () => {
  await store.put(`${PRICES_KEY}.old`, Buffer.from('{'));
  expect((await show()).prices).toMatchObject({ own: false, region: 'us-east-1' });
  await put({ ...BUNDLED_PRICES['us-east-1'], asOf: '2027-01-31', sources: ['our contract'] });
  expect((await show()).prices).toEqual({
    own: true,
    region: 'us-east-1',
    asOf: '2027-01-31',
    sources: ['our contract'],
  });
});

const { perHour, ...rest } = BUNDLED_PRICES['us-east-1'];
test.each([
  ['not JSON', '{', undefined],
  ['a price that is missing', { ...rest, perHour: { ...perHour, fargateVcpu: undefined } }, 'perHour.fargateVcpu'],
  ['a price below zero', { ...rest, perHour: { ...perHour, natGateway: -1 } }, 'perHour.natGateway'],
  [
    'a price that is a text',
    { ...rest, perHour: { ...perHour, mskBroker: { 'kafka.t3.small': '1' } } },
    'perHour.mskBroker.kafka.t3.small',
  ],
  ['a field nobody knows', { ...rest, perHour: { ...perHour, fargateVcpus: 1 } }, 'perHour.fargateVcpus'],
  ['another currency', { ...rest, perHour, currency: 'EUR' }, 'currency'],
  ['no date', { ...rest, perHour, asOf: 'today' }, 'asOf'],
  ['no source', { ...rest, perHour, sources: [] }, 'sources'],
])('a table with %s is refused by name, and nothing is reckoned with it', async (_, table, field) => {
  await store.put(PRICES_KEY, Buffer.from(typeof table === 'string' ? table : JSON.stringify(table)));
  const error = await show().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Problem);
  const { code, message, fields } = error as Problem;
  expect(code).toBe('prices_unusable');
  expect(message).toContain('settings/prices.json');
  expect(fields.map((wrong) => wrong.field)).toEqual(field === undefined ? [] : [field]);
});

test('a table may leave out what it assumes', () => {
  expect(parsePrices(JSON.stringify(BUNDLED_PRICES['eu-central-1'])).usage).toBeUndefined();
});
