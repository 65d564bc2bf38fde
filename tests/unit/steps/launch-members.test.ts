/** That no second new quorum can form: what is asked of ECS, however often and whatever it answers. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { launchMembers } from '../../../functions/launch-members/launch.ts';
import { aRecord } from '../../fixtures/clusters.ts';

const region = { region: 'eu-central-1' };
const dynamo = mockClient(DynamoDBDocumentClient);
const ecs = mockClient(ECSClient);
const deps = {
  registry: { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' },
  source: { ecs: new ECSClient(region), ecsCluster: 'redkite-dev' },
  namespace: { client: new ServiceDiscoveryClient(region), namespaceId: 'ns' },
  namespaceName: 'redkite.internal',
  placement: {
    ...{ stage: 'dev', ecsCluster: 'redkite-dev', network: {}, executionRoleArn: 'arn:execution' },
    ...{ logGroup: 'logs', region: region.region, cpuArchitecture: 'X86_64' as const },
  },
  image: 'etcd:v3.6.16',
};
const record = aRecord({
  generation: 4,
  discovery: { metadata: 'srv-m', members: ['srv-0', 'srv-1', 'srv-2'] },
});
const launch = (generation = 4) => launchMembers(deps, { cluster: 'demo', generation });
const conflict = Object.assign(new Error('known'), { name: 'ConflictException' });
const task = (ordinal: number, lastStatus = 'RUNNING') => ({
  taskArn: `arn:aws:ecs:eu-central-1:1:task/redkite-dev/t${ordinal}`,
  ...{ group: `member:demo:${ordinal}`, lastStatus, desiredStatus: 'RUNNING', version: 2 },
});
const running = (...tasks: readonly ReturnType<typeof task>[]) => {
  ecs.on(ListTasksCommand).resolves({ taskArns: tasks.map(({ taskArn }) => taskArn) });
  ecs.on(DescribeTasksCommand).resolves({ tasks: [...tasks] });
};
const asked = () => ecs.commandCalls(RunTaskCommand).map(({ args }) => args[0].input);

beforeEach(() => {
  for (const mock of [dynamo, ecs]) mock.reset();
  dynamo.on(UpdateCommand).resolves({});
  dynamo.on(GetCommand).resolves({ Item: { value: record } });
  running();
  ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: 'arn:definition:1' } });
  ecs.on(RunTaskCommand).resolves({ tasks: [{ lastStatus: 'PROVISIONING' }] });
});

test('every member once in a generation: the token says which it is, and a repeated call has the same', async () => {
  expect(await launch()).toEqual({ launched: [0, 1, 2] });
  const tokens = asked().map(({ clientToken }) => clientToken);
  expect(new Set(tokens).size).toBe(3);
  await launch();
  expect(asked().map(({ clientToken }) => clientToken)).toEqual([...tokens, ...tokens]);
  dynamo.on(GetCommand).resolves({ Item: { value: { ...record, generation: 5 } } });
  await launch(5);
  const later = asked().slice(6);
  expect(later.some(({ clientToken }) => tokens.includes(clientToken))).toBe(false);
});

test('all members of a generation know the same peers and the same quorum, those of another one another quorum', async () => {
  const commands = () =>
    ecs
      .commandCalls(RegisterTaskDefinitionCommand)
      .map(({ args }) => args[0].input.containerDefinitions?.[0]?.command ?? []);
  const flags = (name: string) => new Set(commands().map((command) => command[command.indexOf(name) + 1]));
  await launch();
  for (const name of ['--initial-cluster', '--initial-cluster-token', '--initial-cluster-state']) {
    expect([name, flags(name).size]).toEqual([name, 1]);
  }
  expect([...flags('--initial-cluster-state')]).toEqual(['new']);
  dynamo.on(GetCommand).resolves({ Item: { value: { ...record, generation: 5 } } });
  await launch(5);
  expect(flags('--initial-cluster-token').size).toBe(2);
});

test('a member that runs is not asked for again', async () => {
  running(task(0), task(2, 'PENDING'));
  expect(await launch()).toEqual({ launched: [1] });
  expect(asked().map(({ group }) => group)).toEqual(['member:demo:1']);
});

test('one that was started and is gone is never started as new again', async () => {
  const all = 'etcd-0, etcd-1, etcd-2';
  ecs.on(RunTaskCommand).rejects(conflict);
  await expect(launch()).rejects.toMatchObject({ name: 'MemberLost', message: expect.stringContaining(all) as string });
  ecs.on(RunTaskCommand).resolves({ tasks: [{ lastStatus: 'STOPPED' }] });
  await expect(launch()).rejects.toMatchObject({ name: 'MemberLost', message: expect.stringContaining(all) as string });
});

test('one that was asked for by this very step is not gone', async () => {
  ecs.on(RunTaskCommand).rejects(conflict);
  ecs
    .on(ListTasksCommand)
    .resolvesOnce({ taskArns: [] })
    .resolves({ taskArns: [0, 1, 2].map((ordinal) => task(ordinal).taskArn) });
  ecs.on(DescribeTasksCommand).resolves({ tasks: [0, 1, 2].map((ordinal) => task(ordinal)) });
  expect(await launch()).toEqual({ launched: [] });
});

test.each([
  ['of another generation', { ...record, generation: 5 }],
  ['that is awake', { ...record, phase: 'awake' as const }],
  ['that is being cleaned up', { ...record, retreating: true as const }],
])('nothing is started for a cluster %s', async (_, value) => {
  dynamo.on(GetCommand).resolves({ Item: { value } });
  await expect(launch()).rejects.toMatchObject({ name: 'OwnershipLost' });
  expect(asked()).toEqual([]);
});
