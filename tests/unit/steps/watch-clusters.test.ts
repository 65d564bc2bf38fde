/** The minute of all clusters: what is looked at, written and asked for, and that no cluster keeps another. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { readyConditions } from '../../../functions/common/cluster/conditions.ts';
import { memberPeerUrl } from '../../../functions/common/cluster/names.ts';
import type { ClusterRecord } from '../../../functions/common/cluster/record.ts';
import type { AskedMember } from '../../../functions/common/quorum/members.ts';
import { MAINTENANCE_POLICY } from '../../../functions/common/maintenance/policy.ts';
import { QUORUM_POLICY } from '../../../functions/common/quorum/policy.ts';
import { VIGIL_POLICY } from '../../../functions/common/quorum/vigil.ts';
import { watchClusters } from '../../../functions/watch-clusters/watch.ts';
import { watchQuorums } from '../../../functions/watch-clusters/vigil.ts';
import type { Measurements } from '../../../functions/watch-clusters/metrics.ts';
import { aRecord, aTask, NOW } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  table: 'registry',
};
const NAMESPACE = 'redkite.internal';
type Item = Record<string, unknown>;
interface Asked {
  readonly ExpressionAttributeValues: { readonly ':pk'?: string };
}

/** What lies in the registry, by cluster. */
let partitions: Map<string, Item[]>;
/** Addresses that do not answer, from which look on. */
let silent: Map<string, 'always' | 'first look'>;
/** Clusters whose etcd has no room. */
let full: Set<string>;
let looks: number;
let published: Map<string, Measurements>;
let slept: number;
let fleet: object | undefined;

const address = (cluster: string, ordinal: number) => `${cluster}/${ordinal}`;

function cluster(name: string, changes: Partial<ClusterRecord> = {}, size: 1 | 3 | 5 = 3, items: Item[] = []): void {
  const base = aRecord();
  const record = aRecord({
    name,
    phase: 'awake',
    metadataOpen: true,
    conditions: readyConditions(NOW.toISOString()),
    spec: { ...base.spec, name, metadata: { ...base.spec.metadata, members: size } },
    ...changes,
  });
  const tasks = Array.from({ length: size }, (_, n) =>
    aTask({ taskId: `${name}-t${n}`, group: `member:${name}:${n}`, address: address(name, n) }),
  );
  partitions.set(name, [
    { sk: 'record', kind: 'cluster', value: record },
    ...tasks.map((task) => ({ sk: `task#${task.taskId}`, value: task })),
    ...items,
  ]);
}

function answers(addresses: readonly string[]): AskedMember[] {
  return addresses.map((where) => {
    const [name = '', ordinal = ''] = where.split('/');
    const quiet = silent.get(where);
    if (quiet === 'always' || (quiet === 'first look' && looks < 2)) return { address: where, problem: 'deadline' };
    if (name === 'broken') throw new Error('not to be asked');
    const members = addresses.map((_, n) => ({
      id: `m${n}`,
      name: `etcd-${n}`,
      peerUrls: [memberPeerUrl(name, n, NAMESPACE)],
      isLearner: false,
    }));
    return {
      address: where,
      answer: {
        status: {
          ...{ address: where, memberId: `m${ordinal}`, clusterId: 'c', leader: 'm0', isLearner: false },
          ...{ raftIndex: 10, raftTerm: 1, version: '3.6.16' },
        },
        storage: { dbSize: 2_048 + Number(ordinal), dbSizeInUse: 1_024, dbSizeQuota: 8_192, revision: 42 },
        alarms: full.has(name) ? [{ memberId: 'm1', alarm: 'NOSPACE' as const }] : [],
        statusMs: 5 + Number(ordinal),
        agreed: members,
        remembered: members,
      },
    };
  });
}

const deps = {
  registry,
  namespaceName: NAMESPACE,
  members: (addresses: readonly string[]) => ({
    ask: () => {
      looks += 1;
      return Promise.resolve(answers(addresses));
    },
    close: () => undefined,
  }),
  publish: (name: string, measurements: Measurements) => {
    published.set(name, { ...published.get(name), ...measurements });
  },
  publishFleet: (measurements: object, properties: object) => {
    fleet = { measurements, properties };
  },
  policy: { quorum: QUORUM_POLICY, vigil: VIGIL_POLICY, maintenance: MAINTENANCE_POLICY },
  clock: {
    now: () => NOW.getTime() + slept,
    sleep: (milliseconds: number) => {
      slept += milliseconds;
      return Promise.resolve();
    },
  },
  lookTimeoutMs: 100,
  observeWork: () => Promise.resolve([]),
  stores: () => {
    throw new Error('no store in this test');
  },
  connect: () => {
    throw new Error('no etcd in this test');
  },
};
const puts = () => dynamo.commandCalls(PutCommand).map((call) => call.args[0].input.Item ?? {});
const conditions = () =>
  dynamo
    .commandCalls(UpdateCommand)
    .map((call) => call.args[0].input.ExpressionAttributeValues?.[':condition'] as unknown);

beforeEach(() => {
  partitions = new Map();
  silent = new Map();
  published = new Map();
  full = new Set();
  looks = 0;
  slept = 0;
  fleet = undefined;
  dynamo.reset();
  dynamo.on(PutCommand).resolves({}).on(DeleteCommand).resolves({}).on(UpdateCommand).resolves({});
  dynamo
    .on(QueryCommand)
    .callsFake(({ ExpressionAttributeValues: values }: Asked) =>
      values[':pk'] === undefined
        ? { Items: [...partitions.values()].map(([record]) => record) }
        : { Items: partitions.get(values[':pk']) },
    );
});

test.each([1, 3, 5] as const)('a healthy quorum of %i is measured, and nothing is written', async (size) => {
  cluster('demo', {}, size);
  expect(await watchQuorums(deps, ['demo'])).toEqual({ troubled: [], failed: [] });
  expect(looks).toBe(1);
  expect(dynamo.commandCalls(QueryCommand)).toHaveLength(1);
  expect(dynamo.calls()).toHaveLength(1);
  expect(published.get('demo')).toEqual({
    ...{ MembersHealthy: size, DatabaseBytes: 2_047 + size, DatabaseBytesInUse: 1_024, StatusMilliseconds: 4 + size },
    DatabaseQuotaPercent: (100 * (2_047 + size)) / 8_192,
  });
});

test('a member that stays silent is asked to be replaced, and it is said', async () => {
  cluster('demo');
  silent.set(address('demo', 1), 'always');
  const { troubled } = await watchQuorums(deps, ['demo']);
  expect(troubled).toMatchObject([{ cluster: 'demo', action: 'request-replacement' }]);
  const [request, memory] = puts();
  const seenAt = NOW.getTime() + slept;
  expect(request).toMatchObject({
    ...{ pk: 'demo', sk: 'request#replace-member' },
    // Since the first look; the last one was just now.
    value: { requestedAt: new Date(seenAt).toISOString(), details: { memory: { seenAt } } },
  });
  expect(JSON.stringify(request)).toContain(JSON.stringify({ 'silent:demo-t1': NOW.getTime() }));
  expect(memory).toMatchObject({ sk: 'vigil', value: { requests: 1 } });
  expect(conditions()).toMatchObject([{ status: 'False', reason: 'QuorumDegraded' }]);
  expect(published.get('demo')).toMatchObject({ MembersHealthy: 2 });
});

test('what is over at the second look was nothing', async () => {
  cluster('demo');
  silent.set(address('demo', 1), 'first look');
  expect(await watchQuorums(deps, ['demo'])).toEqual({ troubled: [], failed: [] });
  expect(looks).toBe(2);
  expect(puts()).toEqual([]);
  expect(conditions()).toEqual([]);
});

test('while an execution has the lock it is left alone; a lock whose time is over counts for nothing', async () => {
  const lock = (seconds: number) => ({
    ...{ sk: 'lock#metadata', owner: 'demo-replace-abc' },
    expiresAt: NOW.getTime() / 1_000 + seconds,
  });
  cluster('demo', {}, 3, [lock(60)]);
  silent.set(address('demo', 1), 'always');
  expect((await watchQuorums(deps, ['demo'])).troubled).toMatchObject([{ action: 'none' }]);
  cluster('demo', {}, 3, [lock(-60)]);
  expect((await watchQuorums(deps, ['demo'])).troubled).toMatchObject([{ action: 'request-replacement' }]);
});

test('a quorum that is whole again is said to be, and its memory goes', async () => {
  const memory = { troubledSince: NOW.toISOString(), requests: 1, requestedAt: NOW.toISOString() };
  const before = readyConditions(NOW.toISOString());
  cluster('demo', { conditions: { ...before, MetadataReady: { ...before.MetadataReady, status: 'False' } } }, 3, [
    { sk: 'vigil', value: memory },
  ]);
  await watchQuorums(deps, ['demo']);
  expect(conditions()).toMatchObject([{ status: 'True', reason: 'QuorumHealthy' }]);
  expect(dynamo.commandCalls(DeleteCommand)[0]?.args[0].input.Key).toEqual({ pk: 'demo', sk: 'vigil' });
});

test('a memory that cannot be read is forgotten', async () => {
  cluster('demo', {}, 3, [{ sk: 'vigil', value: { requests: 'many' } }]);
  silent.set(address('demo', 1), 'always');
  expect((await watchQuorums(deps, ['demo'])).troubled).toMatchObject([{ action: 'request-replacement' }]);
});

test('a cluster that cannot be looked at keeps none of the others', async () => {
  for (const name of ['broken', 'demo', 'other']) cluster(name);
  silent.set(address('other', 2), 'always');
  const { troubled, failed } = await watchQuorums(deps, ['broken', 'demo', 'gone', 'other']);
  expect(failed).toEqual([{ cluster: 'broken', reason: 'not to be asked' }]);
  expect(troubled.map((one) => one.cluster)).toEqual(['other']);
  expect([...published.keys()]).toEqual(['demo', 'other']);
});

test('however many are in trouble, the second look is waited for once', async () => {
  const names = Array.from({ length: 100 }, (_, n) => `c${n}`);
  for (const name of names) {
    cluster(name);
    silent.set(address(name, 0), 'always');
  }
  const { troubled } = await watchQuorums(deps, names);
  expect(troubled).toHaveLength(100);
  expect(slept).toBe(5_000);
});

test('only clusters that serve are watched; shipping that fails keeps no quorum from being looked at', async () => {
  cluster('demo');
  cluster('asleep', { phase: 'asleep' });
  cluster('closed', { metadataOpen: false });
  expect(await watchClusters(deps)).toEqual({
    ...{ clusters: 1, archived: 0, shipped: 0, troubled: [], idle: [] },
    failed: [{ cluster: 'demo', reason: 'no etcd in this test' }],
  });
  expect(published.get('demo')).toMatchObject({ MembersHealthy: 3, ShippingFailed: 1 });
  expect(fleet).toMatchObject({
    measurements: { ClustersAwake: 2, ClustersUnshipped: 1, ClustersUnwatched: 0, MembersMissing: 0 },
    properties: { unshipped: 'demo' },
  });
});

describe('maintenance', () => {
  const requests = () => puts().filter(({ sk }) => String(sk).startsWith('request#'));
  const lock = (seconds: number) => ({
    ...{ sk: 'lock#metadata', owner: 'demo-replace-1' },
    expiresAt: NOW.getTime() / 1_000 + seconds,
  });

  test('is asked for where etcd has no room', async () => {
    cluster('demo');
    full.add('demo');
    await watchQuorums(deps, ['demo']);
    expect(requests()).toMatchObject([
      { pk: 'demo', sk: 'request#maintain-quorum', value: { requestedAt: NOW.toISOString(), details: {} } },
    ]);
  });

  test('is not asked for while somebody works on the members, nor when it was of no use a moment ago', async () => {
    const ended = { outcome: 'MetadataFull', at: new Date(NOW.getTime() - 60_000).toISOString() };
    cluster('worked-on', {}, 3, [lock(60)]);
    cluster('useless', {}, 3, [{ sk: 'maintenance', value: { compacted: null, defragmented: {}, ended } }]);
    full.add('worked-on').add('useless');
    await watchQuorums(deps, ['worked-on', 'useless']);
    expect(requests()).toEqual([]);
  });

  test('is not asked for in a quorum whose members are in trouble', async () => {
    cluster('demo');
    full.add('demo');
    silent.set(address('demo', 2), 'always');
    await watchQuorums(deps, ['demo']);
    expect(requests().map(({ sk }) => String(sk))).not.toContain('request#maintain-quorum');
  });

  test('what it has said of a quorum stays, however healthy the members are', async () => {
    const conditionsNow = readyConditions(NOW.toISOString());
    const MetadataReady = { ...conditionsNow.MetadataReady, status: 'False' as const, reason: 'MetadataFull' };
    cluster('demo', { conditions: { ...conditionsNow, MetadataReady } });
    await watchQuorums(deps, ['demo']);
    expect(conditions()).toEqual([]);
  });
});
