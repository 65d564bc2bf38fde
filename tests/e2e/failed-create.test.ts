/**
 * Creates that fail half-way, in real containers: Kafka away, an image that does not exist, a quorum that cannot form. Each
 * ends `failed` with the reason in its conditions and nothing running, and the same request succeeds once the cause is gone.
 */
import { DescribeTasksCommand, ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { down } from '../../local/down.ts';
import { ensureImages } from '../../local/images/images.ts';
import { awaitMessages, startMessages, stopMessages } from '../../local/messages/messages.ts';
import { startedDaemons } from '../../local/processes.ts';
import { localSettings } from '../../local/settings.ts';
import { callApi, showCluster } from '../../local/stack/api.ts';
import { awsClient } from '../../local/stack/aws.ts';
import { bringUpStack } from '../../local/up.ts';

const settings = localSettings();
const ecs = awsClient(settings, ECSClient);
const lambda = awsClient(settings, LambdaClient);
const FIRST_START_MS = 20 * 60_000;
/** Members that cannot find each other are given three minutes, and ECS may then take two to stop them. */
const SLOWEST_FAILURE_MS = 8 * 60_000;
let apiUrl = '';

beforeAll(async () => {
  apiUrl = await bringUpStack(settings);
}, FIRST_START_MS);

afterAll(async () => {
  await down(settings);
  expect(startedDaemons(settings)).toEqual([]);
});

const create = (spec: object) => callApi(settings, apiUrl, { method: 'POST', path: '/clusters', body: spec });

async function settled(name: string) {
  for (;;) {
    const view = await showCluster(settings, apiUrl, name);
    if (view?.phase !== 'creating') return view;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function groupsOf(name: string): Promise<string[]> {
  const cluster = `redkite-${settings.stage}`;
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster }));
  if (taskArns.length === 0) return [];
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
  return tasks.flatMap(({ group }) => (group?.split(/[:_]/).includes(name) === true ? [group] : []));
}

/** Changes what a function believes, as a wrong parameter of the deployment would; the result puts it back. */
async function misconfigure(name: string, changes: Readonly<Record<string, string>>): Promise<() => Promise<void>> {
  const FunctionName = `redkite-${settings.stage}-${name}`;
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const before = Environment?.Variables ?? {};
  const set = async (Variables: Record<string, string>) => {
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  };
  await set({ ...before, ...changes });
  return () => set(before);
}

describe.each([
  {
    cause: 'Kafka is away',
    spec: { name: 'without-kafka' },
    breakIt: async () => {
      await stopMessages(settings);
      return async () => {
        await startMessages(settings, await ensureImages(settings, () => undefined));
        await awaitMessages(settings, 60_000);
      };
    },
    errors: ['MessagingUnreachable'],
    condition: 'MessagingReady',
  },
  {
    cause: 'the Milvus image does not exist',
    spec: { name: 'without-milvus', activeStandby: true },
    breakIt: () => misconfigure('launchServices', { MILVUS_IMAGE: 'localhost/redkite/no-such-image:0' }),
    errors: ['RoleFailedToStart'],
    condition: 'ComputeReady',
  },
  {
    cause: 'the etcd image does not exist',
    spec: { name: 'without-etcd', metadata: { members: 1 } },
    breakIt: () => misconfigure('launchMembers', { ETCD_IMAGE: 'localhost/redkite/no-such-image:0' }),
    errors: ['MemberFailedToStart'],
    condition: 'MetadataReady',
  },
  {
    cause: 'the members cannot find each other',
    spec: { name: 'without-names' },
    breakIt: () => misconfigure('launchMembers', { NAMESPACE_NAME: 'nowhere.internal' }),
    errors: ['QuorumNotFormed', 'MemberFailedToStart', 'MemberLost'],
    condition: 'MetadataReady',
  },
])('when $cause', ({ spec, breakIt, errors, condition }) => {
  let repair = () => Promise.resolve();
  afterAll(() => repair());

  test(
    'a create ends failed, says why, and leaves nothing running',
    async () => {
      repair = await breakIt();
      expect((await create(spec)).status).toBe(202);
      const view = await settled(spec.name);
      // Whole objects: where another failure stands there, its message and the other conditions say why.
      const { phase, failure, conditions } = view ?? {};
      expect({ phase, failure, conditions }).toEqual({
        phase: 'failed',
        failure: expect.objectContaining({
          error: expect.stringMatching(`^(${errors.join('|')})$`) as string,
        }) as object,
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: condition, status: 'False', reason: failure?.error }),
        ]) as object,
      });
      expect(await groupsOf(spec.name)).toEqual([]);
    },
    SLOWEST_FAILURE_MS,
  );

  test('the same request succeeds once the cause is gone', async () => {
    await repair();
    repair = () => Promise.resolve();
    expect((await create(spec)).status).toBe(202);
    const view = await settled(spec.name);
    // With the reason in it, should it fail again.
    expect({ phase: view?.phase, failure: view?.failure }).toEqual({ phase: 'awake', failure: undefined });
    expect(view?.generation).toBe(2);
  });
});

test('coordinators run twice where active-standby was asked for, once elsewhere', async () => {
  const coordinators = async (name: string) =>
    (await groupsOf(name)).filter((group) => group.endsWith('coord')).map((group) => group.split('_')[1]);
  const once = ['datacoord', 'querycoord', 'rootcoord'];
  expect((await coordinators('without-milvus')).toSorted()).toEqual([...once, ...once].toSorted());
  expect((await coordinators('without-kafka')).toSorted()).toEqual(once);
});
