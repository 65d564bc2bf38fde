/**
 * The minute of a thousand clusters that are all awake (functions/watch-clusters), with every answer as late as it may be inside a
 * region: how long the pass takes, what it asks for, and what a few clusters that do not answer do to it.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { readyConditions } from '../../../functions/common/cluster/conditions.ts';
import { memberPeerUrl, serviceGroup } from '../../../functions/common/cluster/names.ts';
import { clusterSpecSchema } from '../../../functions/common/cluster/spec.ts';
import { EACH_MINUTE } from '../../../functions/common/cost/usage.ts';
import { EtcdError } from '../../../functions/common/etcd/errors.ts';
import { connectEtcd } from '../../../functions/common/etcd/client.ts';
import { MAINTENANCE_POLICY } from '../../../functions/common/maintenance/policy.ts';
import type { AskedMember } from '../../../functions/common/quorum/members.ts';
import { QUORUM_POLICY } from '../../../functions/common/quorum/policy.ts';
import { VIGIL_POLICY } from '../../../functions/common/quorum/vigil.ts';
import { planRoles } from '../../../functions/common/releases/plan.ts';
import { watchClusters } from '../../../functions/watch-clusters/watch.ts';
import { aRecord, aTask, NOW } from '../../fixtures/clusters.ts';
import { memoryStore } from '../archive/memory-store.ts';
import { virtualTime, type VirtualTime } from './virtual-time.ts';

const CLUSTERS = 1_000;
/** Milliseconds until an answer; generous ones. */
const LATE = { registry: 15, etcd: 10, metrics: 40, objects: 80 } as const;
/** What handler.ts has. */
const TIMEOUT = { shipping: 10_000, member: 1_000 } as const;
const NAMESPACE = 'redkite.internal';
const REVISION = 40;
const PAGE = 100;
const NO_CONNECTION = connectEtcd(['127.0.0.1:1'], { timeoutMs: 1 });

const dynamo = mockClient(DynamoDBDocumentClient);
const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  table: 'registry',
};
type Item = Record<string, unknown>;
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000).toISOString();
const nameOf = (nth: number) => `c${String(nth).padStart(4, '0')}`;

function partition(name: string): Item[] {
  const spec = clusterSpecSchema.parse({ name });
  const record = aRecord({
    ...{ name, spec, phase: 'awake', metadataOpen: true, phaseSince: ago(600) },
    conditions: readyConditions(ago(600)),
  });
  const members = Array.from({ length: spec.metadata.members }, (_, n) =>
    aTask({ taskId: `${name}-m${n}`, group: `member:${name}:${n}`, address: `${name}/${n}` }),
  );
  const roles = planRoles(spec).map(({ role }) =>
    aTask({ taskId: `${name}-${role}`, group: serviceGroup(name, role), address: `${name}-${role}` }),
  );
  const archive = {
    archive: { name: 'a', createdAt: ago(30), revision: REVISION - 2, keys: 900, verifiedAt: ago(30) },
    ...{ point: { history: 'h', revision: REVISION - 1, sha256: null }, asOf: ago(1) },
  };
  return [
    { pk: name, sk: 'record', kind: 'cluster', value: record },
    { pk: name, sk: 'archive', value: archive },
    ...[...members, ...roles].map((task) => ({ pk: name, sk: `task#${task.taskId}`, value: task })),
  ];
}

const partitions = new Map<string, Item[]>();
const silent = new Set<string>();
/** Segments between the watch that brought them and the bucket: they are compressed by other threads. */
let compressing = 0;
let time: VirtualTime;
const realFetch = globalThis.fetch;
const METRICS = [
  'process_start_time_seconds 1.7e+09',
  ...['total', 'success'].flatMap((status) => [
    `milvus_proxy_req_count{function_name="Search",node_id="1",status="${status}"} 5`,
    `milvus_rootcoord_ddl_req_count{function_name="DescribeCollection",node_id="1",status="${status}"} 5`,
  ]),
  '',
].join('\n');

beforeEach(() => {
  time = virtualTime(NOW.getTime());
  silent.clear();
  compressing = 0;
  for (let nth = 0; nth < CLUSTERS; nth += 1) partitions.set(nameOf(nth), partition(nameOf(nth)));
  dynamo.reset();
  const answer = async <Answer>(result: Answer) => {
    await time.sleep(LATE.registry);
    return result;
  };
  dynamo
    .on(QueryCommand)
    .callsFake((input: { Limit?: number; ExclusiveStartKey?: Item; ExpressionAttributeValues: Item }) => {
      const pk = input.ExpressionAttributeValues[':pk'];
      if (typeof pk === 'string') return answer({ Items: partitions.get(pk) });
      const from =
        input.ExclusiveStartKey === undefined ? 0 : Number(String(input.ExclusiveStartKey['pk']).slice(1)) + 1;
      const names = [...partitions.keys()].slice(from, from + PAGE);
      const last = names.at(-1);
      return answer({
        Items: names.map((name) => partitions.get(name)?.[0]),
        ...(from + PAGE >= CLUSTERS || last === undefined ? {} : { LastEvaluatedKey: { pk: last } }),
      });
    });
  dynamo
    .on(GetCommand)
    .callsFake(({ Key }: { Key: { pk: string; sk: string } }) =>
      answer({ Item: partitions.get(Key.pk)?.find(({ sk }) => sk === Key.sk) }),
    );
  dynamo.on(PutCommand).callsFake(() => answer({}));
  globalThis.fetch = async () => {
    await time.sleep(LATE.metrics);
    return new Response(METRICS);
  };
});
afterEach(() => {
  globalThis.fetch = realFetch;
});

/** Asked for its history, its revision and what came since: one change. */
function etcdOf(name: string) {
  const late = async <Answer>(result: Answer) => {
    if (silent.has(name)) {
      await time.sleep(TIMEOUT.shipping);
      throw new EtcdError('deadline', 'no answer');
    }
    await time.sleep(LATE.etcd);
    return result;
  };
  return {
    ...NO_CONNECTION,
    close: () => undefined,
    get: () => late(Buffer.from('h')),
    range: () =>
      late({ ...{ clusterId: '1', memberId: '1', revision: REVISION, raftTerm: 2 }, kvs: [], more: false, count: 0 }),
    watch: async function* () {
      const kv = { key: Buffer.from('k'), value: Buffer.from('v'), createRevision: 1, modRevision: REVISION };
      const events = [{ type: 'put' as const, kv: { ...kv, version: 1, lease: '0' } }];
      try {
        yield await late({ events, partial: false, revision: REVISION });
      } finally {
        compressing += 1;
      }
    },
  };
}

async function ask(addresses: readonly string[]): Promise<AskedMember[]> {
  const [name = ''] = addresses[0]?.split('/') ?? [];
  await time.sleep(silent.has(name) ? TIMEOUT.member : LATE.etcd);
  const members = addresses.map((_, n) => ({
    ...{ id: `m${n}`, name: `etcd-${n}`, peerUrls: [memberPeerUrl(name, n, NAMESPACE)], isLearner: false },
  }));
  return addresses.map((address, n) =>
    silent.has(name)
      ? { address, problem: 'deadline' }
      : {
          address,
          answer: {
            status: {
              ...{ address, memberId: `m${n}`, clusterId: 'c', leader: 'm0', isLearner: false },
              ...{ raftIndex: 10, raftTerm: 1, version: '3.6.16' },
            },
            storage: { dbSize: 2_048, dbSizeInUse: 1_024, dbSizeQuota: 400_000_000, revision: REVISION },
            ...{ alarms: [], statusMs: LATE.etcd, agreed: members, remembered: members },
          },
        },
  );
}

async function minute() {
  const begun = time.now();
  const watched = await time.run(
    watchClusters({
      registry,
      namespaceName: NAMESPACE,
      stores: () => {
        const store = memoryStore();
        return {
          ...store,
          put: async (key, body) => {
            compressing -= 1;
            await time.sleep(LATE.objects);
            return store.put(key, body);
          },
        };
      },
      connect: ([endpoint = '']) => etcdOf(endpoint.split('/')[0] ?? ''),
      members: (addresses) => ({ ask: () => ask(addresses), close: () => undefined }),
      publish: () => undefined,
      publishFleet: () => undefined,
      policy: { quorum: QUORUM_POLICY, vigil: VIGIL_POLICY, maintenance: MAINTENANCE_POLICY },
      lookTimeoutMs: 5_000,
      observeWork: () => Promise.resolve([]),
      clock: time,
    }),
    () => compressing > 0,
  );
  return { watched, seconds: (time.now() - begun) / 1_000 };
}

test('all of them are through in a small part of the minute, each asked for as little as is counted', async () => {
  const { watched, seconds } = await minute();
  expect(watched).toMatchObject({ clusters: CLUSTERS, shipped: CLUSTERS, failed: [], troubled: [], idle: [] });
  // 5.4 s; what is compressed in between takes no time here.
  expect(seconds).toBeLessThan(10);
  const reads = dynamo.commandCalls(QueryCommand).length + dynamo.commandCalls(GetCommand).length;
  // Three partitions and the state of the archive each; all together the pages of the list.
  expect(reads).toBe(4 * CLUSTERS + CLUSTERS / PAGE);
  expect(dynamo.commandCalls(PutCommand).length).toBeLessThanOrEqual(EACH_MINUTE.writeUnits * CLUSTERS);
});

test('one in twenty that does not answer keeps none of the others, and not the next minute', async () => {
  for (let nth = 0; nth < CLUSTERS; nth += 20) silent.add(nameOf(nth));
  const { watched, seconds } = await minute();
  expect(watched.shipped).toBe(CLUSTERS - silent.size);
  expect(new Set(watched.failed.map(({ cluster }) => cluster))).toEqual(silent);
  expect(new Set(watched.troubled.map(({ cluster }) => cluster))).toEqual(silent);
  // 26 s: a lane of the shipping for ten seconds each.
  expect(seconds).toBeLessThan(30);
});
