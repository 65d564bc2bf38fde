/**
 * Sleep and wake for real: through the API, in real containers, asked by a client that knows nothing of it. What was
 * acknowledged must be there after the nap, flushed or not, loaded or not.
 */
import { ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { ListInstancesCommand, ListServicesCommand, ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { ConsistencyLevelEnum, DataType, type MilvusClient } from '@zilliz/milvus2-sdk-node';
import type { ClusterView } from '../../functions/common/http/cluster-view.ts';
import { connect, GOALS, prove } from '../../local/demo/prove.ts';
import { down } from '../../local/down.ts';
import { localSettings } from '../../local/settings.ts';
import { callApi, showCluster } from '../../local/stack/api.ts';
import { awsClient } from '../../local/stack/aws.ts';
import { bringUp, entryOf } from '../../local/up.ts';
import type { KillPoint } from '../naps/kill-points.ts';
import { killAt } from '../naps/kills.ts';
import { manyAtOnce } from '../naps/many-at-once.ts';
import { randomRequests, seedOf } from '../naps/random-requests.ts';
import { World } from '../naps/world.ts';

const settings = localSettings();
const FIRST_START_MS = 20 * 60_000;
const NAP_MS = 5 * 60_000;
/** Above what each of its waits is bounded by: they say what they waited for. */
const KILL_MS = 25 * 60_000;
const UNLOADED = 'never_loaded';
const ROWS = 1_000;
let apiUrl = '';

let world: World;

beforeAll(async () => {
  ({ apiUrl } = await bringUp(settings));
  world = await World.of(apiUrl);
}, FIRST_START_MS);

afterAll(async () => {
  await world.stop();
  if (process.env['REDKITE_KEEP'] === undefined) await down(settings);
});

const act = (action: string, cluster = 'demo') =>
  callApi(settings, apiUrl, { method: 'POST', path: `/clusters/${cluster}/actions/${action}` });

async function until(wanted: (view: ClusterView) => boolean): Promise<ClusterView> {
  for (;;) {
    const view = await showCluster(settings, apiUrl, 'demo');
    if (view === undefined) throw new Error('The cluster is gone.');
    if (wanted(view)) return view;
    if (view.phase === 'failed') throw new Error(`The cluster failed: ${JSON.stringify(view.failure)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function nap(): Promise<void> {
  expect(await act('sleep')).toMatchObject({ status: 202, body: { name: 'demo' } });
  await until(({ phase }) => phase === 'asleep');
}

async function wake(): Promise<void> {
  expect(await act('wake')).toMatchObject({ status: 202 });
  await until(({ phase }) => phase === 'awake');
}

async function withClient<T>(work: (client: MilvusClient) => Promise<T>): Promise<T> {
  const client = connect(await entryOf(settings));
  try {
    await client.connectPromise;
    return await work(client);
  } finally {
    await client.closeConnection();
  }
}

const rows = (from: number) =>
  Array.from({ length: ROWS }, (_, index) => ({ id: from + index, vector: [from + index, 1] }));

const insert = (client: MilvusClient, from: number) => client.insert({ collection_name: UNLOADED, data: rows(from) });

async function count(client: MilvusClient): Promise<number> {
  const { data } = await client.query({
    collection_name: UNLOADED,
    filter: '',
    output_fields: ['count(*)'],
    consistency_level: ConsistencyLevelEnum.Strong,
  });
  return Number(data[0]?.['count(*)']);
}

test(
  'asleep is nothing left running and nothing left to be found',
  async () => {
    await withClient(async (client) => {
      await client.createCollection({
        collection_name: UNLOADED,
        shards_num: 1,
        fields: [
          { name: 'id', data_type: DataType.Int64, is_primary_key: true },
          { name: 'vector', data_type: DataType.FloatVector, dim: 2 },
        ],
      });
      // Acknowledged a moment before, in no segment of S3 yet.
      expect((await insert(client, 0)).status.error_code).toBe('Success');
    });
    await nap();
    const { taskArns } = await awsClient(settings, ECSClient).send(
      new ListTasksCommand({ cluster: `redkite-${settings.stage}` }),
    );
    expect(taskArns).toEqual([]);
    const discovery = awsClient(settings, ServiceDiscoveryClient);
    const { Services = [] } = await discovery.send(new ListServicesCommand({}));
    expect(Services.length).toBeGreaterThan(0);
    for (const { Id } of Services) {
      const { Instances } = await discovery.send(new ListInstancesCommand({ ServiceId: Id }));
      expect(Instances).toEqual([]);
    }
    const elb = awsClient(settings, ElasticLoadBalancingV2Client);
    const { TargetGroups = [] } = await elb.send(new DescribeTargetGroupsCommand({}));
    const ofClusters = TargetGroups.filter(({ TargetType }) => TargetType === 'ip');
    expect(ofClusters.length).toBeGreaterThan(0);
    for (const { TargetGroupArn } of ofClusters) {
      const { TargetHealthDescriptions } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
      expect(TargetHealthDescriptions).toEqual([]);
    }
    // Asked again, it is what it is.
    expect(await act('sleep')).toMatchObject({ status: 200, body: { phase: 'asleep' } });
  },
  NAP_MS,
);

test(
  'awake again, searches are answered right and no acknowledged row is missing',
  async () => {
    await wake();
    const proof = await prove(await entryOf(settings), () => undefined);
    expect(proof.recallAt10).toBeGreaterThanOrEqual(GOALS.recallAt10);
    // What was loaded is loaded: nothing had to be inserted, indexed or loaded again.
    expect(Object.keys(proof.timings)).not.toContain('load');
    await withClient(async (client) => {
      await client.createIndex({
        collection_name: UNLOADED,
        field_name: 'vector',
        index_type: 'FLAT',
        metric_type: 'L2',
      });
      await client.loadCollectionSync({ collection_name: UNLOADED });
      expect(await count(client)).toBe(ROWS);
      // Loaded this time, and again not flushed.
      expect((await insert(client, ROWS)).status.error_code).toBe('Success');
    });
    expect(await act('wake')).toMatchObject({ status: 200, body: { phase: 'awake' } });
  },
  NAP_MS,
);

test(
  'a wake that is wanted on the way ends awake, and nothing is lost',
  async () => {
    const { generation } = await until(({ phase }) => phase === 'awake');
    expect(await act('sleep')).toMatchObject({ status: 202 });
    await until(({ phase }) => phase === 'falling-asleep');
    // Early enough to turn round, or too late: then a wake follows by itself.
    expect((await act('wake')).status).toBe(202);
    await until((view) => view.phase === 'awake' && view.generation > generation);
    await withClient(async (client) => {
      expect(await count(client)).toBe(2 * ROWS);
    });
  },
  NAP_MS,
);

test(
  'a cluster that nobody uses falls asleep by itself; the next request wakes it and is answered',
  async () => {
    const policy = (body: object) => callApi(settings, apiUrl, { method: 'PUT', path: '/clusters/demo/idle', body });
    expect(await policy({ window: 1 })).toMatchObject({ status: 200 });
    await until(({ phase }) => phase === 'asleep');
    // Whoever asks knows nothing of it.
    await withClient(async (client) => {
      expect(await count(client)).toBe(2 * ROWS);
    });
    expect((await until(() => true)).phase).toBe('awake');
    expect(await policy({})).toMatchObject({ status: 200 });
  },
  2 * NAP_MS,
);

test(
  'a REST request on a sleeping cluster is answered by Milvus',
  async () => {
    await nap();
    const answer = await fetch(`http://127.0.0.1:${settings.ports.entryHttp}/v1/vector/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ collectionName: UNLOADED, filter: 'id in [7]', outputFields: ['id'] }),
    });
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 200,
      // Milvus gives 64-bit numbers as text.
      body: { code: 200, data: [{ id: '7' }] },
    });
  },
  NAP_MS,
);

/** Of each, `npm run test:naps` runs the long form. */
describe('clients of every kind that know nothing of it', () => {
  test(
    'many at once on a sleeping cluster wake it once, and each is answered right',
    () => manyAtOnce(world, world.newClients(24)),
    NAP_MS,
  );

  test(
    'requests at random moments while it falls asleep, sleeps and wakes; rows that are written meanwhile are there',
    async () => {
      await randomRequests(world, seedOf(process.env['REDKITE_SEED']), 2);
    },
    2 * NAP_MS,
  );
});

test.each<KillPoint>([
  { action: 'sleep', machine: 'sleep-cluster', state: 'ArchiveMetadata', empty: false },
  { action: 'wake', machine: 'register-endpoints', state: 'ProveCluster', empty: false },
])(
  'every task killed in the middle of a $action ($state): it comes to rest by itself, and nothing is lost',
  async (point) => {
    await killAt(world, point);
  },
  KILL_MS,
);

describe('requests that are refused before anything changes', () => {
  test.each([
    ['of no cluster', 'sleep', 'nobody', 404, 'cluster_not_found'],
    ['that is none', 'doze', 'demo', 422, 'invalid_request'],
    ['of a name that is none', 'wake', 'Demo!', 422, 'invalid_request'],
  ])('an action %s', async (_, action, cluster, status, code) => {
    expect(await act(action, cluster)).toMatchObject({ status, body: { code } });
  });
});
