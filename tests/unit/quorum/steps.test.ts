/** The steps of replace-member at their edges: what they ask of AWS and etcd, and what they make of the answers. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeTasksCommand, ECSClient, ListTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { RegisterInstanceCommand, ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { finishReplacement } from '../../../functions/finish-replacement/finish.ts';
import { launchMember } from '../../../functions/launch-member/launch.ts';
import { observeMembers } from '../../../functions/observe-members/observe.ts';
import { aRecord, aTask, NOW } from '../../fixtures/clusters.ts';
import { peerUrlOf } from './world.ts';

const region = { region: 'eu-central-1' };
const dynamo = mockClient(DynamoDBDocumentClient);
const ecs = mockClient(ECSClient);
const discovery = mockClient(ServiceDiscoveryClient);
const registry = { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' };
const source = { ecs: new ECSClient(region), ecsCluster: 'redkite-dev' };
const placement = {
  stage: 'dev',
  ecsCluster: 'redkite-dev',
  network: {},
  executionRoleArn: 'arn:execution',
  logGroup: 'logs',
  region: 'eu-central-1',
  cpuArchitecture: 'X86_64' as const,
};
const named = (name: string) => Object.assign(new Error(name), { name });
const awake = aRecord({
  phase: 'awake',
  metadataOpen: true,
  discovery: { metadata: 'srv-m', members: ['srv-0', 'srv-1', 'srv-2'] },
});
const OWNER = 'demo-replace-abc';
const IMAGE = 'etcd:v3.6.16';
const arn = (id: string) => `arn:aws:ecs:eu-central-1:1:task/redkite-dev/${id}`;
const raw = (id: string, ordinal: number, changes = {}) => ({
  taskArn: arn(id),
  group: `member:demo:${ordinal}`,
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  version: 3,
  attachments: [{ details: [{ name: 'privateIPv4Address', value: `10.0.0.${ordinal}` }] }],
  ...changes,
});
const known = (id: string, ordinal: number, changes = {}) =>
  aTask({ taskId: id, taskArn: arn(id), group: `member:demo:${ordinal}`, address: `10.0.0.${ordinal}`, ...changes });

const partition = (record: unknown, ...tasks: ReturnType<typeof known>[]) =>
  dynamo.on(QueryCommand).resolves({
    Items: [
      { sk: 'record', value: record },
      { sk: 'lock#metadata', owner: OWNER, joining: [2] },
      ...tasks.map((value) => ({ sk: `task#${value.taskId}`, value })),
    ],
  });

beforeEach(() => {
  for (const mock of [dynamo, ecs, discovery]) mock.reset();
  dynamo.on(PutCommand).resolves({});
  dynamo.on(UpdateCommand).resolves({});
  dynamo.on(DeleteCommand).resolves({});
  dynamo.on(GetCommand).resolves({ Item: { owner: OWNER, value: awake } });
  ecs.on(ListTasksCommand).resolves({ taskArns: [] });
});

describe('observe-members', () => {
  const input = { cluster: 'demo', owner: OWNER, retire: [] };
  const observe = (changes = {}) =>
    observeMembers(
      { registry, source, namespaceName: 'redkite.internal', image: IMAGE },
      { ...input, ...changes },
      NOW,
    );
  const ids = (seen: Awaited<ReturnType<typeof observe>>) =>
    seen.turn === 'ours' ? seen.observed.tasks.map(({ taskId, state }) => [taskId, state]) : seen;

  test('knows the names of all members and the tasks that ECS lists', async () => {
    partition(awake);
    ecs.on(ListTasksCommand).resolves({ taskArns: [arn('a')] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [raw('a', 1)] });
    expect(await observe()).toMatchObject({
      turn: 'ours',
      observed: {
        peerUrls: [0, 1, 2].map(peerUrlOf),
        tasks: [{ ordinal: 1, taskId: 'a', state: 'running', address: '10.0.0.1' }],
      },
    });
  });

  test('asks for each task that ECS does not list any more by name, and forgets what it does not know', async () => {
    partition(awake, known('a', 0), known('b', 1), known('c', 2));
    ecs
      .on(DescribeTasksCommand)
      .resolves({ tasks: [raw('a', 0, { desiredStatus: 'STOPPED' }), raw('b', 1, { lastStatus: 'STOPPED' })] });
    expect(ids(await observe())).toEqual([['a', 'stopping']]);
    expect(dynamo.commandCalls(DeleteCommand).map(({ args }) => args[0].input.Key)).toEqual([
      { pk: 'demo', sk: 'task#c' },
    ]);
  });

  test('believes the newer word on a task', async () => {
    partition(awake, known('a', 0, { lastStatus: 'STOPPED', version: 5 }));
    ecs.on(ListTasksCommand).resolves({ taskArns: [arn('a')] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [raw('a', 0, { version: 4 })] });
    expect(ids(await observe())).toEqual([]);
  });

  test('for an upgrade every member is to be replaced that is made in another way', async () => {
    partition(awake);
    ecs.on(ListTasksCommand).resolves({ taskArns: ['a', 'b', 'c'].map(arn) });
    const made = (image: string, memory: string) => ({ containers: [{ image }], cpu: '256', memory });
    ecs.on(DescribeTasksCommand).resolves({
      tasks: [
        raw('a', 0, made(IMAGE, '1024')),
        raw('b', 1, made('etcd:v3.6.15', '1024')),
        raw('c', 2, made(IMAGE, '512')),
      ],
    });
    expect(await observe({ upgrade: true })).toMatchObject({ observed: { retire: ['b', 'c'] } });
    expect(await observe()).toMatchObject({ observed: { retire: [], tasks: [{ image: IMAGE }, {}, {}] } });
  });

  test.each([
    ['falls asleep', { ...awake, phase: 'falling-asleep' }, {}],
    ['is created by somebody else', aRecord(), {}],
    ['is created in another generation', aRecord(), { generation: 2 }],
    ['is cleaned up', aRecord({ retreating: true }), { generation: 1 }],
  ])('leaves a cluster alone that %s', async (_, record, changes) => {
    partition(record);
    expect(await observe(changes)).toMatchObject({ turn: 'over' });
    expect(ecs.calls()).toEqual([]);
    // The lock is taken first and given back at once.
    expect(dynamo.commandCalls(DeleteCommand).map(({ args }) => args[0].input.Key)).toEqual([
      { pk: 'demo', sk: 'lock#metadata' },
    ]);
  });

  test('a cluster that is gone is over', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [] });
    expect(await observe()).toMatchObject({ turn: 'over', reason: 'there is no cluster demo' });
  });

  test('works within the create that asks for it', async () => {
    partition(aRecord());
    expect(await observe({ generation: 1 })).toMatchObject({ turn: 'ours' });
  });

  test('leaves it to the owner of the lock', async () => {
    partition(awake);
    dynamo.on(UpdateCommand).callsFake(({ UpdateExpression }) => {
      if (UpdateExpression !== 'SET again = :true') throw named('ConditionalCheckFailedException');
      return {};
    });
    expect(await observe()).toMatchObject({ turn: 'theirs' });
  });

  test('says what is wrong, once', async () => {
    partition(awake);
    await observe({ degraded: 'etcd-1 has no task' });
    const said = () =>
      dynamo.commandCalls(UpdateCommand).flatMap(({ args }): unknown[] => {
        const condition: unknown = args[0].input.ExpressionAttributeValues?.[':condition'];
        return condition === undefined ? [] : [condition];
      });
    expect(said()).toMatchObject([{ status: 'False', reason: 'QuorumDegraded', message: 'etcd-1 has no task' }]);
    const told = { ...awake.conditions, MetadataReady: said()[0] };
    dynamo.resetHistory();
    partition({ ...awake, conditions: told });
    await observe({ degraded: 'etcd-1 has no task' });
    expect(said()).toEqual([]);
  });
});

describe('launch-member', () => {
  const deps = { registry, source, placement, namespaceName: 'redkite.internal', image: 'etcd' };
  const input = { cluster: 'demo', owner: OWNER, ordinal: 1, memberId: '9', initialCluster: 'etcd-1=x', spent: [] };
  const launch = (image = 'etcd') => launchMember({ ...deps, image }, { ...input, degraded: 'etcd-1 is gone' }, NOW);

  beforeEach(() => {
    partition(awake);
    ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: 'arn:definition' } });
    ecs.on(RunTaskCommand).resolves({ tasks: [{ lastStatus: 'PROVISIONING' }] });
  });

  test('starts one task for one member id, in the existing quorum', async () => {
    expect(await launch()).toEqual({
      wants: [{ group: 'member:demo:1', count: 1 }],
      launched: true,
      spent: [],
    });
    expect(ecs.commandCalls(RunTaskCommand)[0]?.args[0].input.clientToken).toBe('demo-1-9');
    const [container] = ecs.commandCalls(RegisterTaskDefinitionCommand)[0]?.args[0].input.containerDefinitions ?? [];
    const valueOf = (flag: string) => container?.command?.[container.command.indexOf(flag) + 1];
    expect(valueOf('--initial-cluster-state')).toBe('existing');
    expect(valueOf('--initial-cluster')).toBe('etcd-1=x');
    const written = dynamo.commandCalls(UpdateCommand).map(({ args }) => args[0].input.ExpressionAttributeValues);
    // Beside those that were joining; and people are told why.
    expect(written).toMatchObject([
      { ':joining': [2, 1] },
      { ':condition': { status: 'False', reason: 'QuorumDegraded', message: 'etcd-1 is gone' } },
    ]);
  });

  test.each([
    ['v3.6.16', 'v3.7.1', 'v3.7.1'],
    ['v3.6.16', 'v3.8.0', 'v3.6.16'],
  ])('among members of %s, where %s is deployed, %s is started', async (runs, deployed, started) => {
    partition(awake, known('a', 0, { image: `etcd:${runs}` }), known('b', 2, { image: 'etcd:v3.1.0', ended: true }));
    await launch(`etcd:${deployed}`);
    const [container] = ecs.commandCalls(RegisterTaskDefinitionCommand)[0]?.args[0].input.containerDefinitions ?? [];
    expect(container?.image).toBe(`etcd:${started}`);
  });

  test.each([
    ['whose one task has ended', { tasks: [{ lastStatus: 'STOPPED' }] }],
    ['that was started under another revision', named('ConflictException')],
  ])('a member %s is spent when no task runs', async (_, answer) => {
    if (answer instanceof Error) ecs.on(RunTaskCommand).rejects(answer);
    else ecs.on(RunTaskCommand).resolves(answer);
    expect(await launch()).toMatchObject({ launched: false, spent: ['9'] });
  });

  test('a member that was started before and runs is waited for', async () => {
    ecs.on(RunTaskCommand).rejects(named('ConflictException'));
    ecs.on(ListTasksCommand).resolves({ taskArns: [arn('a')] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [raw('a', 1, { lastStatus: 'PENDING' })] });
    expect(await launch()).toMatchObject({ launched: true, spent: [] });
  });

  test('nothing is started for a cluster that is being taken down', async () => {
    partition(aRecord({ retreating: true }));
    await expect(launch()).rejects.toMatchObject({ name: 'OwnershipLost' });
    expect(ecs.commandCalls(RunTaskCommand)).toHaveLength(0);
  });

  test('without the lock nothing is started', async () => {
    dynamo.on(UpdateCommand).rejects(named('ConditionalCheckFailedException'));
    await expect(launch()).rejects.toMatchObject({ name: 'OwnershipLost' });
    expect(ecs.commandCalls(RunTaskCommand)).toHaveLength(0);
  });

  test('what ECS cannot start is named', async () => {
    ecs.on(RunTaskCommand).resolves({ failures: [{ reason: 'RESOURCE:CPU' }] });
    await expect(launch()).rejects.toMatchObject({ name: 'MemberFailedToStart' });
  });
});

describe('finish-replacement', () => {
  let warmed = 0;
  const warm = () => {
    warmed += 1;
    return Promise.resolve();
  };
  const deps = { registry, namespace: { client: new ServiceDiscoveryClient(region), namespaceId: 'ns' }, warm };
  const identity = { cluster: 'demo', owner: OWNER };
  const condition = () =>
    dynamo
      .commandCalls(UpdateCommand)
      .map(({ args }) => args[0].input.ExpressionAttributeValues?.[':condition'] as unknown)
      .find((value) => value !== undefined);

  test('puts members under the metadata name, says that all is well, and lets go', async () => {
    const tasks = [
      { ordinal: 1, taskId: 'a', taskArn: 'arn', state: 'running' as const, address: '10.0.0.1' },
      { ordinal: 2, taskId: 'b', taskArn: 'arn', state: 'stopping' as const, address: '10.0.0.2' },
    ];
    expect(await finishReplacement(deps, identity, { outcome: 'healthy', tasks }, NOW)).toEqual({ released: true });
    expect(discovery.commandCalls(RegisterInstanceCommand).map(({ args }) => args[0].input)).toEqual([
      { ServiceId: 'srv-m', InstanceId: 'member-1', Attributes: { AWS_INSTANCE_IPV4: '10.0.0.1' } },
    ]);
    expect(condition()).toMatchObject({ status: 'True', reason: 'QuorumHealthy' });
  });

  test('is asked to look again', async () => {
    dynamo.on(DeleteCommand).rejects(named('ConditionalCheckFailedException'));
    expect(await finishReplacement(deps, identity, { outcome: 'healthy', tasks: [] }, NOW)).toEqual({
      released: false,
    });
  });

  test.each([
    ['QuorumLost', 'False'],
    ['MemberNotReplaced', 'False'],
    ['States.Timeout', 'Unknown'],
  ])('an ending as %s makes the condition %s', async (error, status) => {
    warmed = 0;
    await finishReplacement(deps, identity, { outcome: 'failed', error, cause: 'because' }, NOW);
    expect(condition()).toMatchObject({ status, reason: error, message: 'because' });
    expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(1);
    // For the recovery that follows a loss.
    expect(warmed).toBe(error === 'QuorumLost' ? 1 : 0);
  });

  test('one that has lost the lock says nothing any more', async () => {
    dynamo.on(GetCommand).resolves({ Item: { owner: 'another', value: awake } });
    await finishReplacement(deps, identity, { outcome: 'failed', error: 'QuorumLost', cause: '' }, NOW);
    expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(0);
    expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(0);
  });
});
