/** The minute's look at activity, with the registry and the metrics pages as fakes. */
import { DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { ClusterRecord } from '../../../functions/common/cluster/record.ts';
import type { ActivityState } from '../../../functions/common/idle/state.ts';
import { watchActivity } from '../../../functions/watch-clusters/activity.ts';
import { aRecord, aTask } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const registry = { client: DynamoDBDocumentClient.from(new DynamoDBClient({})), table: 'registry' };
const AT = Date.UTC(2026, 0, 14, 12);
/** Nothing listens there: what Milvus does by itself cannot be seen. */
const NOWHERE = '127.0.0.1';
const realFetch = globalThis.fetch;
let searches = 5;
let pages = 0;
let answering = true;
let partition: Record<string, unknown>[] = [];

const page = (name: string, functionName: string, count: number) =>
  ['total', 'success']
    .map((status) => `${name}{function_name="${functionName}",node_id="1",status="${status}"} ${count}\n`)
    .join('');

beforeEach(() => {
  searches = 5;
  answering = true;
  pages = 0;
  globalThis.fetch = () => {
    pages += 1;
    return answering
      ? Promise.resolve(
          new Response(
            `process_start_time_seconds 1.7e+09\n${page('milvus_proxy_req_count', 'Search', searches)}` +
              page('milvus_rootcoord_ddl_req_count', 'DescribeCollection', searches * 7),
          ),
        )
      : Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }));
  };
  cluster();
  dynamo.reset();
  dynamo.on(QueryCommand).callsFake(() => ({ Items: partition }));
  dynamo.on(PutCommand).callsFake(({ Item }: { Item: Record<string, unknown> }) => {
    partition = [...partition.filter(({ sk }) => sk !== Item['sk']), Item];
    return {};
  });
});
afterEach(() => {
  globalThis.fetch = realFetch;
});

function cluster(changes: Partial<ClusterRecord> = {}): void {
  const record = aRecord({
    name: 'demo',
    phase: 'awake',
    metadataOpen: true,
    phaseSince: new Date(AT).toISOString(),
    ...changes,
  });
  const tasks = ['proxy', 'rootcoord', 'datanode', 'datacoord'].map((role) =>
    aTask({ taskId: role, group: `service:demo_${role}`, address: NOWHERE }),
  );
  partition = [
    { sk: 'record', kind: 'cluster', value: record },
    ...tasks.map((task) => ({ sk: `task#${task.taskId}`, value: task })),
  ];
}

const look = (minute: number, names = ['demo']) =>
  watchActivity({ registry, lookTimeoutMs: 500, clock: { now: () => AT + minute * 60_000 } }, names);
const remembered = () => partition.find(({ sk }) => sk === 'activity')?.['value'] as ActivityState;
const writes = () => dynamo.commandCalls(PutCommand).length;

test('the first look is remembered; those that see nothing new write nothing', async () => {
  expect(await look(0)).toEqual({ idle: [], failed: [] });
  expect(remembered()).toMatchObject({
    instances: { 'proxy@127.0.0.1': { counted: { Search: { begun: 5, ended: 5 } } } },
  });
  for (const minute of [1, 2, 29]) expect(await look(minute)).toEqual({ idle: [], failed: [] });
  expect(writes()).toBe(1);
});

test('a search is remembered with the minute in which it was seen', async () => {
  await look(0);
  searches = 6;
  await look(17);
  expect(remembered().lastActivity).toEqual({
    at: new Date(AT + 17 * 60_000).toISOString(),
    what: 'Search (1) at proxy@127.0.0.1',
  });
});

test('work that cannot be seen keeps it awake, and is remembered once', async () => {
  await look(0);
  expect(await look(30)).toEqual({ idle: [], failed: [] });
  expect(remembered().workUnseen?.problem).toMatch(
    /^what Milvus does by itself cannot be seen \(import: .*ECONNREFUSED/,
  );
  await look(31);
  expect(writes()).toBe(2);
});

test('a cluster whose tasks do not answer stays awake and is said not to be seen', async () => {
  await look(0);
  answering = false;
  expect(await look(500)).toEqual({ idle: [], failed: [] });
  expect(remembered().unseen).toEqual({
    since: new Date(AT + 500 * 60_000).toISOString(),
    problem: expect.stringContaining('proxy@127.0.0.1: connect ECONNREFUSED') as string,
  });
});

test('of two looks at the same moment one is thrown away', async () => {
  await look(0);
  searches = 6;
  dynamo.on(PutCommand).rejects(Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException' }));
  expect(await look(1)).toEqual({ idle: [], failed: [] });
});

test('a memory that cannot be read is forgotten', async () => {
  partition.push({ sk: 'activity', value: { generation: 'one' } });
  await look(3);
  expect(remembered()).toMatchObject({ revision: 1, lastActivity: { what: 'the first look at its counters' } });
});

test('a cluster that does not serve is not looked at', async () => {
  cluster({ phase: 'falling-asleep' });
  expect(await look(0)).toEqual({ idle: [], failed: [] });
  expect(pages).toBe(0);
});

test('what fails is said, and keeps none of the others', async () => {
  dynamo.on(QueryCommand).rejects(new Error('throttled'));
  expect(await look(0)).toEqual({ idle: [], failed: [{ cluster: 'demo', reason: 'throttled' }] });
});
