/** What the minute tells of the change log: how much a total loss would cost. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { connectEtcd, EtcdError, type WatchEvent } from '../../../functions/common/etcd/client.ts';
import type { Measurements } from '../../../functions/watch-clusters/metrics.ts';
import { shipAll } from '../../../functions/watch-clusters/ship.ts';
import { aRecord, aTask, NOW } from '../../fixtures/clusters.ts';
import { memoryStore } from '../archive/memory-store.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  table: 'registry',
};
const before = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000).toISOString();
const state = {
  archive: { name: 'a', createdAt: before(600), revision: 40, keys: 9, verifiedAt: before(600) },
  point: { history: 'h', revision: 40, sha256: null },
  asOf: before(120),
};
const put = (revision: number): WatchEvent => ({
  type: 'put',
  kv: {
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    ...{ createRevision: 1, modRevision: revision, version: 1, lease: '0' },
  },
});

/** At revision 42; its watch brings these and then breaks off. */
const quorum = (events: readonly WatchEvent[]) => ({
  ...connectEtcd(['127.0.0.1:1'], { timeoutMs: 100 }),
  get: () => Promise.resolve(Buffer.from('h')),
  range: () =>
    Promise.resolve({
      ...{ clusterId: '1', memberId: '1', revision: 42, raftTerm: 2 },
      ...{ kvs: [], more: false, count: 0 },
    }),
  // eslint-disable-next-line @typescript-eslint/require-await -- the real one waits for its member
  watch: async function* () {
    for (const event of events) yield { events: [event], partial: false, revision: 42 };
    throw new EtcdError('unavailable', 'the member ended the watch');
  },
});

async function minute(events: readonly WatchEvent[]): Promise<Measurements | undefined> {
  let published: Measurements | undefined;
  await shipAll(
    {
      registry,
      stores: memoryStore,
      connect: () => quorum(events),
      publish: (_, measurements) => {
        published = measurements;
      },
      clock: { now: () => NOW.getTime() },
    },
    ['demo'],
  );
  return published;
}

beforeEach(() => {
  dynamo.reset();
  const record = aRecord({ phase: 'awake', metadataOpen: true });
  dynamo.on(QueryCommand).resolves({
    Items: [
      { sk: 'record', value: record },
      { sk: 'task#t', value: aTask() },
    ],
  });
  dynamo.on(GetCommand).resolves({ Item: { value: state } });
  dynamo.on(PutCommand).resolves({});
});

test('nothing, when all of it was shipped', async () => {
  expect(await minute([put(41), put(42)])).toEqual({ ShippingFailed: 0, UnshippedSeconds: 0 });
});

test('what came since it was last complete, when only a part was shipped', async () => {
  expect(await minute([put(41)])).toEqual({ ShippingFailed: 0, UnshippedSeconds: 120 });
});

test('when nothing was shipped, that', async () => {
  expect(await minute([])).toEqual({ ShippingFailed: 1 });
});

test('an archive that is due is taken when the changes of all others are shipped', async () => {
  const archived = (name: string, minutes: number) => ({
    Items: [
      { sk: 'record', value: aRecord({ name, phase: 'awake', metadataOpen: true }) },
      { sk: 'task#t', value: aTask({ group: `member:${name}:0`, address: name }) },
      { sk: 'archive', value: { ...state, archive: { ...state.archive, createdAt: before(minutes * 60) } } },
    ],
  });
  dynamo.on(QueryCommand).callsFake((input: { ExpressionAttributeValues: Record<string, string> }) => {
    const name = input.ExpressionAttributeValues[':pk'] ?? '';
    return archived(name, name === 'due' ? 61 : 59);
  });
  const order: string[] = [];
  const { failed } = await shipAll(
    {
      ...{ registry, stores: memoryStore, publish: () => undefined, clock: { now: () => NOW.getTime() } },
      connect: ([endpoint = '']) => {
        order.push(endpoint);
        throw new Error('not reached');
      },
    },
    ['due', 'first', 'second'],
  );
  expect(order).toEqual(['first:2379', 'second:2379', 'due:2379']);
  expect(failed.map(({ cluster }) => cluster)).toEqual(['first', 'second', 'due']);
});
