/** The end of a role's session, on a real quorum: only the sessions of the task that has ended go, however often it is told. */
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { TaskObservation } from '../../../functions/common/cluster/tasks.ts';
import { retireSession } from '../../../functions/retire-session/retire.ts';
import { aRecord, aTask } from '../../fixtures/clusters.ts';
import { startEtcd, type EtcdQuorum } from '../../fixtures/etcd.ts';

const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' }));
const dynamo = mockClient(client);
const registry = { client, table: 'registry' };
const ended = { cluster: 'demo', taskId: 'gone', address: '10.0.0.5' };
const PREFIX = 'demo/meta/session/';
let quorum: EtcdQuorum;

beforeAll(async () => {
  quorum = await startEtcd();
});
afterAll(() => quorum.close());

function known(...tasks: TaskObservation[]): void {
  dynamo.on(QueryCommand).resolves({
    Items: [
      { sk: 'record', value: aRecord({ phase: 'awake' }) },
      ...tasks.map((task) => ({ sk: `task#${task.taskId}`, value: task })),
    ],
  });
}

async function registered(): Promise<string[]> {
  const { kvs } = await quorum.client.range({ key: PREFIX, rangeEnd: `${PREFIX}~` });
  return kvs.map(({ key }) => key.toString().slice(PREFIX.length));
}

beforeEach(async () => {
  await quorum.client.deleteRange({ key: PREFIX, rangeEnd: `${PREFIX}~` });
  await quorum.client.put({ key: `${PREFIX}id`, value: '9' });
  for (const [role, address] of [
    ['querynode-7', '10.0.0.5:21123'],
    ['querynode-8', '10.0.0.6:21123'],
    ['rootcoord', '10.0.0.50:53100'],
  ] as const) {
    const lease = await quorum.client.leaseGrant(60);
    await quorum.client.put({ key: `${PREFIX}${role}`, value: JSON.stringify({ Address: address }), lease });
  }
});

test('the session of the ended task goes, the others stay, and a second call finds nothing', async () => {
  known(aTask({ taskId: 'gone', group: 'service:demo_querynode', lastStatus: 'STOPPED' }));
  const retire = () => retireSession(registry, ended, () => [...quorum.endpoints]);
  expect(await retire()).toMatchObject({ retired: 1 });
  expect(await registered()).toEqual(['id', 'querynode-8', 'rootcoord']);
  expect(await retire()).toMatchObject({ retired: 0 });
});

test('two calls at once are one end', async () => {
  known();
  const calls = Array.from({ length: 4 }, () => retireSession(registry, ended, () => [...quorum.endpoints]));
  const retired = (await Promise.all(calls)).map((call) => call.retired);
  expect(Math.max(...retired)).toBe(1);
  expect(await registered()).toEqual(['id', 'querynode-8', 'rootcoord']);
});

test('an address that another task has by now keeps its session', async () => {
  known(aTask({ taskId: 'new', group: 'service:demo_querynode', address: '10.0.0.5' }));
  expect(await retireSession(registry, ended, () => [...quorum.endpoints])).toMatchObject({ retired: 0 });
  expect(await registered()).toContain('querynode-7');
});

test('without a member it says that metadata cannot be reached', async () => {
  known();
  await expect(retireSession(registry, ended, () => [])).rejects.toMatchObject({ name: 'MetadataUnreachable' });
});
