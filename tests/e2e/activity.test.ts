/**
 * What keeps a cluster awake, asked of a real one by real clients through the load balancer: polls and health checks do
 * not, requests and work do. Only the clock is the test's own, so that nothing waits for half an hour.
 */
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DataType, type MilvusClient } from '@zilliz/milvus2-sdk-node';
import { addressesOf, observeWork } from '../../functions/common/idle/observe.ts';
import { servingGroups, watchIdle } from '../../functions/common/idle/watch.ts';
import { loadCluster, type RegistryTable } from '../../functions/common/registry/registry.ts';
import { systemClock } from '../../functions/common/lambda/polling.ts';
import { sharedPort } from '../../functions/common/releases/ports.ts';
import type { Look } from '../../functions/observe-activity/decide.ts';
import { observeActivity } from '../../functions/observe-activity/observe.ts';
import { refusal } from '../../functions/common/milvus/status.ts';
import { DIMENSIONS } from '../../local/demo/digits.ts';
import { COLLECTION, connect } from '../../local/demo/prove.ts';
import { down } from '../../local/down.ts';
import { localSettings } from '../../local/settings.ts';
import { callApi, showCluster } from '../../local/stack/api.ts';
import { awsClient, clientConfig } from '../../local/stack/aws.ts';
import { bringUp, entryOf } from '../../local/up.ts';

const settings = localSettings();
const NAME = 'demo';
const FIRST_START_MS = 20 * 60_000;
const MINUTE_MS = 60_000;
const USER = 'ann';
const IMPORTED = 'imported';
const vector = Array.from({ length: DIMENSIONS }, () => 0.5);
const dynamo = awsClient(settings, DynamoDBClient);
const s3 = new S3Client({ ...clientConfig(settings), forcePathStyle: true });
const lambda = awsClient(settings, LambdaClient);

let apiUrl = '';
let registry: RegistryTable;
let client: MilvusClient;
let letTheMinuteLook: () => Promise<void>;

beforeAll(async () => {
  ({ apiUrl } = await bringUp(settings));
  const { TableNames = [] } = await dynamo.send(new ListTablesCommand({}));
  const table = TableNames.find((name) => name.includes('Registry'));
  if (table === undefined) throw new Error(`No registry among ${TableNames.join(', ')}.`);
  registry = {
    client: DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
    table,
  };
  client = connect(await entryOf(settings));
  await client.connectPromise;
  // What an earlier run on the same stack has left.
  await callApi(settings, apiUrl, { method: 'PUT', path: `/clusters/${NAME}/idle`, body: {} });
  await client.deleteUser({ username: USER });
  await client.dropCollection({ collection_name: IMPORTED });
  const watched = await invoke('watchClusters', {});
  letTheMinuteLook = await keepTheMinuteAway();
  expect(watched).toMatchObject({ clusters: 1, failed: [] });
}, FIRST_START_MS);

afterAll(async () => {
  await letTheMinuteLook();
  await client.closeConnection();
  if (process.env['REDKITE_KEEP'] === undefined) await down(settings);
});

async function cluster() {
  const { record, tasks, items } = await loadCluster(registry, NAME);
  if (record === undefined) throw new Error('There is no cluster.');
  return { record, tasks, items, groups: servingGroups(record, tasks) };
}

/** One look at the cluster's activity by a clock that is so many minutes ahead. */
async function look(minutesFromNow = 0) {
  const clock = () => new Date(Date.now() + minutesFromNow * MINUTE_MS);
  return watchIdle({ registry, timeoutMs: 5_000, observeWork, clock }, await cluster());
}

/** A function as it is deployed. */
async function invoke(name: string, payload: object): Promise<unknown> {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: `redkite-${settings.stage}-${name}`, Payload: JSON.stringify(payload) }),
  );
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString());
  if (FunctionError !== undefined) throw new Error(JSON.stringify(answer));
  return answer;
}

/** The schedule looks as well, by the true clock: what it remembers first, a test would not see any more. */
async function keepTheMinuteAway(): Promise<() => Promise<void>> {
  const FunctionName = `redkite-${settings.stage}-watchClusters`;
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const before = Environment?.Variables ?? {};
  const set = async (Variables: Record<string, string>) => {
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  };
  await set({ ...before, REGISTRY_TABLE: 'nowhere' });
  return () => set(before);
}

/** With the addresses that a state machine gives it. */
async function lastLook(look: Look): Promise<{ idle: boolean; reason: string }> {
  const { groups } = await cluster();
  return (await invoke('observeActivity', { cluster: NAME, groups, look })) as { idle: boolean; reason: string };
}

/** The same for activity, by a clock that is so many minutes ahead. */
async function lastLookAhead(minutes: number) {
  const { groups } = await cluster();
  const clock = { ...systemClock, now: () => Date.now() + minutes * MINUTE_MS };
  const options = {
    ports: { client: sharedPort('client'), management: sharedPort('management'), dataNode: sharedPort('dataNode') },
    timeoutMs: 5_000,
  };
  const deps = { registry, options, clock, budgetMs: 5_000, intervalMs: 200 };
  return observeActivity(deps, { cluster: NAME, groups, look: 'activity' });
}

/** After the indexes that whatever went before has left to build. */
async function quiet(): Promise<void> {
  const deadline = Date.now() + 90_000;
  for (let seen = await lastLook('work'); !seen.idle; seen = await lastLook('work')) {
    if (Date.now() > deadline) throw new Error(`It does not come to rest: ${seen.reason}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const rest = (method: 'GET' | 'POST', path: string, body?: object) =>
  fetch(`http://127.0.0.1:${settings.ports.entryHttp}${path}`, {
    method,
    headers: { host: `${NAME}.localhost`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function poll(): Promise<void> {
  const fresh = connect(await entryOf(settings));
  await fresh.connectPromise;
  const collection = { collection_name: COLLECTION };
  await client.getVersion();
  await client.checkHealth();
  await client.hasCollection(collection);
  await client.describeCollection(collection);
  await client.showCollections();
  await client.getLoadState(collection);
  await client.getLoadingProgress(collection);
  await client.getCollectionStatistics(collection);
  await client.describeIndex(collection);
  await client.getIndexBuildProgress({ ...collection, index_name: 'vector' });
  await client.getFlushState({ segmentIDs: [1] });
  await client.listDatabases();
  await client.listUsers();
  await client.getMetric({ request: { metric_type: 'system_info' } });
  await fresh.closeConnection();
  const [proxy] = addressesOf((await cluster()).groups, 'proxy');
  for (const path of ['/metrics', '/healthz']) expect((await fetch(`http://${proxy ?? ''}:9091${path}`)).ok).toBe(true);
}

test('polls, connects, health checks and scrapes let it fall asleep', async () => {
  await quiet();
  expect(await look()).toMatchObject({ action: 'stay-awake', because: 'active' });
  await poll();
  expect(await look(29)).toMatchObject({ action: 'stay-awake', because: 'active' });
  await poll();
  expect(await look(31)).toMatchObject({
    action: 'sleep',
    reason: expect.stringContaining('nothing was asked') as string,
  });
  // Whoever looks last decides again: by the true clock half an hour has not passed.
  expect(await lastLook('activity')).toEqual({
    idle: false,
    reason: expect.stringContaining('it was last asked something') as string,
  });
  expect(await lastLookAhead(31)).toEqual({ idle: true, reason: expect.any(String) as string });
  expect(await lastLook('in-flight')).toEqual({
    idle: true,
    reason: 'nothing is asked of it, and it does nothing by itself',
  });
});

const row = { id: 1_000_001, label: 1, vector };
test.each([
  [
    'a search',
    'Search',
    async () => refusal((await client.search({ collection_name: COLLECTION, data: [vector], limit: 1 })).status),
  ],
  [
    'a query',
    'Query',
    async () => refusal((await client.query({ collection_name: COLLECTION, filter: 'id < 3', limit: 1 })).status),
  ],
  [
    'an insert',
    'Insert',
    async () => refusal((await client.insert({ collection_name: COLLECTION, data: [row] })).status),
  ],
  [
    'a delete',
    'Delete',
    async () =>
      refusal(
        await client
          .deleteEntities({ collection_name: COLLECTION, expr: `id in [${row.id}]` })
          .then(({ status }) => status),
      ),
  ],
  [
    'a search by REST',
    'Search',
    async () => {
      const answer = await rest('POST', '/v1/vector/search', { collectionName: COLLECTION, vector, limit: 1 });
      return answer.ok ? undefined : answer.text();
    },
  ],
  [
    'a user',
    'CreateCredential',
    async () => refusal(await client.createUser({ username: USER, password: 'secret-1' })),
  ],
])('%s keeps it awake, also right after it was decided that it sleeps', async (_, name, request) => {
  await quiet();
  await look();
  expect(await look(31)).toMatchObject({ action: 'sleep' });
  expect(await request()).toBeUndefined();
  expect(await lastLook('activity')).toEqual({ idle: false, reason: expect.stringContaining(`${name} (1)`) as string });
  expect(await look(31)).toMatchObject({ because: 'active', reason: expect.stringContaining(`${name} (1)`) as string });
});

test('an import that runs is seen from its beginning to its end', async () => {
  await quiet();
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  const bucket = Buckets.find(({ Name }) => Name?.includes('objects'))?.Name;
  const collection_name = IMPORTED;
  await client.createCollection({
    collection_name,
    shards_num: 1,
    fields: [
      { name: 'id', data_type: DataType.Int64, is_primary_key: true },
      { name: 'vector', data_type: DataType.FloatVector, dim: 128 },
    ],
  });
  const rows = Array.from({ length: 20_000 }, (_, id) => ({
    id,
    vector: Array.from({ length: 128 }, (__, n) => (id * n) % 97),
  }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'imports/rows.json', Body: JSON.stringify({ rows }) }));
  expect(refusal((await client.bulkInsert({ collection_name, files: ['imports/rows.json'] })).status)).toBeUndefined();
  expect(await lastLook('work')).toEqual({ idle: false, reason: 'an import runs' });
  expect(await lastLook('activity')).toMatchObject({ idle: false });
  await quiet();
  const { data } = await client.getCollectionStatistics({ collection_name });
  expect(Number(data['row_count'])).toBe(rows.length);
});

test('its owner says that it never sleeps, and is told why it is awake', async () => {
  const put = (body: object) => callApi(settings, apiUrl, { method: 'PUT', path: `/clusters/${NAME}/idle`, body });
  expect(await put({ keepAwake: [{ start: 'at 8', duration: 5 }] })).toMatchObject({
    status: 422,
    body: { code: 'invalid_request', errors: [{ field: 'keepAwake.0.start' }] },
  });
  expect(await put({ never: true })).toMatchObject({ status: 200 });
  expect(await look(10_000)).toMatchObject({ because: 'never' });
  expect((await showCluster(settings, apiUrl, NAME))?.idle).toMatchObject({ because: 'never' });
  expect(await put({ window: 5 })).toMatchObject({ status: 200 });
  await look();
  const view = await showCluster(settings, apiUrl, NAME);
  expect(view?.spec.idle).toMatchObject({ window: 5, never: false });
  expect(view?.idle).toMatchObject({ lastActivity: { at: expect.any(String) as string } });
});
