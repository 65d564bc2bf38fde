import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ElasticLoadBalancingV2Client, RegisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  DeregisterInstanceCommand,
  RegisterInstanceCommand,
  ServiceDiscoveryClient,
} from '@aws-sdk/client-servicediscovery';
import { SendTaskSuccessCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { registerTask } from '../../../functions/register-task/register.ts';
import type { EndedTask } from '../../../functions/retire-session/retire.ts';
import { observeTask } from '../../../functions/common/cluster/tasks.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const region = { region: 'eu-central-1' };
const dynamo = mockClient(DynamoDBDocumentClient);
const sfn = mockClient(SFNClient);
const discovery = mockClient(ServiceDiscoveryClient);
const elb = mockClient(ElasticLoadBalancingV2Client);
let warmed = 0;
let retired: EndedTask[] = [];
const deps = {
  registry: { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' },
  sfn: new SFNClient(region),
  namespace: { client: new ServiceDiscoveryClient(region), namespaceId: 'ns' },
  elb: new ElasticLoadBalancingV2Client(region),
  replaceMachineArn: 'arn:replace',
  retireSession: (ended: EndedTask) => {
    retired.push(ended);
    return Promise.resolve();
  },
  warm: () => {
    warmed += 1;
    return Promise.resolve();
  },
};
const named = (name: string) => Object.assign(new Error(name), { name });
const event = (changes = {}) =>
  observeTask({
    taskArn: 'arn:aws:ecs:eu-central-1:1:task/redkite-dev/abc',
    group: 'member:demo:0',
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    version: 4,
    attachments: [{ details: [{ name: 'privateIPv4Address', value: '10.0.0.5' }] }],
    ...changes,
  });
const barrier = {
  id: 'members',
  kind: 'serving',
  wants: [{ group: 'member:demo:0', count: 1 }],
  toleratedFailures: 0,
  failureName: 'MemberFailedToStart',
  since: NOW.toISOString(),
  token: 'secret-token',
};

function partition(...items: { sk: string; value: unknown }[]): void {
  dynamo.on(QueryCommand).resolves({ Items: items });
}

beforeEach(() => {
  warmed = 0;
  retired = [];
  for (const mock of [dynamo, sfn, discovery, elb]) mock.reset();
  dynamo.on(PutCommand).resolves({});
  dynamo.on(DeleteCommand).resolves({});
  dynamo.on(GetCommand).resolves({});
  const record = aRecord({ discovery: { metadata: 'srv-m', members: ['srv-0', 'srv-1', 'srv-2'] } });
  partition(
    { sk: 'record', value: record },
    { sk: 'task#abc', value: event() },
    { sk: 'barrier#members', value: barrier },
  );
});

test('a member that runs gets its name, and the execution that waits for it goes on with its address', async () => {
  await registerTask(deps, event(), NOW);
  expect(discovery.commandCalls(RegisterInstanceCommand)[0]?.args[0].input).toEqual({
    ServiceId: 'srv-0',
    InstanceId: 'member-0',
    Attributes: { AWS_INSTANCE_IPV4: '10.0.0.5' },
  });
  expect(sfn.commandCalls(SendTaskSuccessCommand)[0]?.args[0].input).toEqual({
    taskToken: 'secret-token',
    output: JSON.stringify({ groups: [{ group: 'member:demo:0', addresses: ['10.0.0.5'] }] }),
  });
});

test('a token that was answered already is no failure, and the barrier goes', async () => {
  sfn.on(SendTaskSuccessCommand).rejects(named('TaskTimedOut'));
  await registerTask(deps, event(), NOW);
  expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(1);
});

test('a role whose task has ended loses its session, a member has none', async () => {
  const record = aRecord({ phase: 'awake', discovery: { metadata: 'srv-m', members: ['srv-0', 'srv-1', 'srv-2'] } });
  partition({ sk: 'record', value: record });
  await registerTask(deps, event({ lastStatus: 'STOPPED', desiredStatus: 'STOPPED' }), NOW);
  expect(retired).toEqual([]);
  await registerTask(deps, event({ group: 'service:demo_querynode', lastStatus: 'STOPPED' }), NOW);
  expect(retired).toEqual([{ cluster: 'demo', taskId: 'abc', address: '10.0.0.5' }]);
});

test('a late event changes nothing', async () => {
  dynamo.on(PutCommand).rejects(named('ConditionalCheckFailedException'));
  await registerTask(deps, event({ version: 2 }), NOW);
  expect(discovery.calls()).toHaveLength(0);
  expect(sfn.calls()).toHaveLength(0);
});

test.each([
  ['a task of somebody else', event({ group: 'service:other' })],
  ['a task that no group names', event({ group: undefined })],
])('%s is left alone', async (_, task) => {
  await registerTask(deps, task, NOW);
  expect(dynamo.calls()).toHaveLength(0);
});

test('a target group that has gone meanwhile does not stop the rest', async () => {
  const record = aRecord({ entry: { generation: 1, targetGroups: { rest: 'tg' }, rules: [] } });
  partition({ sk: 'record', value: record }, { sk: 'barrier#members', value: { ...barrier, wants: [] } });
  elb.on(RegisterTargetsCommand).rejects(named('TargetGroupNotFoundException'));
  await registerTask(deps, event({ group: 'service:demo_proxy' }), NOW);
  expect(sfn.commandCalls(SendTaskSuccessCommand)).toHaveLength(1);
});

test('a failure of AWS is let out, so that the event is delivered again', async () => {
  discovery.on(RegisterInstanceCommand).rejects(named('RequestLimitExceeded'));
  await expect(registerTask(deps, event(), NOW)).rejects.toThrow('RequestLimitExceeded');
});

describe('a member of an awake cluster', () => {
  const awake = aRecord({
    phase: 'awake',
    metadataOpen: true,
    discovery: { metadata: 'srv-m', members: ['srv-0', 'srv-1', 'srv-2'] },
  });
  const stopped = event({ lastStatus: 'STOPPED', desiredStatus: 'STOPPED', version: 6, stoppedReason: 'killed' });
  const started = () => sfn.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);

  test.each([
    ['has stopped', stopped],
    ['was asked to stop', event({ desiredStatus: 'STOPPED', version: 5, stoppedReason: 'killed' })],
  ])('that %s is replaced, by one execution however often it is told', async (what, task) => {
    partition({ sk: 'record', value: awake }, { sk: 'task#abc', value: task });
    await registerTask(deps, task, NOW);
    expect(started()).toEqual([
      {
        stateMachineArn: 'arn:replace',
        name: 'demo-replace-abc',
        input: JSON.stringify({ cluster: 'demo', taskId: 'abc', reason: `etcd-0 ${what}: killed` }),
      },
    ]);
    sfn.on(StartExecutionCommand).rejects(named('ExecutionAlreadyExists'));
    await registerTask(deps, task, NOW);
    // The functions that the execution needs next, as often as one begins.
    expect(warmed).toBe(1);
  });

  test.each([
    ['that runs', event(), awake],
    ['of a quorum that is being formed', stopped, aRecord()],
    ['of a cluster that is being cleaned up', stopped, aRecord({ metadataOpen: true, retreating: true })],
    ['of a cluster that falls asleep', stopped, { ...awake, phase: 'falling-asleep' }],
    ['that is a Milvus role', event({ ...stopped, group: 'service:demo_proxy' }), awake],
  ])('%s starts nothing', async (_, task, record) => {
    partition({ sk: 'record', value: record }, { sk: 'task#abc', value: task });
    await registerTask(deps, task, NOW);
    expect(started()).toEqual([]);
  });

  test('is replaced in a create too, once the metadata is open', async () => {
    partition({ sk: 'record', value: aRecord({ metadataOpen: true }) }, { sk: 'task#abc', value: stopped });
    await registerTask(deps, stopped, NOW);
    expect(started()).toHaveLength(1);
  });

  test.each([
    ['a younger task runs in its place: it is told late', '2026-01-02T00:00:00.000Z', 0],
    ['an older task seems to run: its own end was never told', '2025-12-31T00:00:00.000Z', 1],
  ])('is replaced unless it has a successor: %s', async (_, createdAt, executions) => {
    const old = { ...stopped, createdAt: '2026-01-01T00:00:00.000Z' };
    const other = { ...event(), taskId: 'def', createdAt };
    partition({ sk: 'record', value: awake }, { sk: 'task#abc', value: old }, { sk: 'task#def', value: other });
    await registerTask(deps, old, NOW);
    expect(started()).toHaveLength(executions);
  });

  const lock = { sk: 'lock#metadata', value: undefined, owner: 'demo-replace-abc', joining: [0] };

  test('that is still a learner gets its own name, and not the one that Milvus uses', async () => {
    partition({ sk: 'record', value: awake }, { sk: 'task#abc', value: event() }, lock);
    await registerTask(deps, event(), NOW);
    expect(discovery.commandCalls(RegisterInstanceCommand).map(({ args }) => args[0].input.ServiceId)).toEqual([
      'srv-0',
    ]);
  });

  test('that was replaced already keeps its name for its successor, and leaves the common one', async () => {
    const successor = { ...event(), taskId: 'def' };
    partition(
      { sk: 'record', value: awake },
      { sk: 'task#abc', value: stopped },
      { sk: 'task#def', value: successor },
      lock,
    );
    await registerTask(deps, stopped, NOW);
    const left = discovery.commandCalls(DeregisterInstanceCommand).map(({ args }) => args[0].input.ServiceId);
    expect(left).toEqual(['srv-m']);
  });

  test('whose successor begins to run while it gives its name up does not take the name with it', async () => {
    const before = [
      { sk: 'record', value: awake },
      { sk: 'task#abc', value: stopped },
    ];
    const successor = { sk: 'task#def', value: { ...event(), taskId: 'def', address: '10.0.0.9' } };
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: before })
      .resolves({ Items: [...before, successor] });
    await registerTask(deps, stopped, NOW);
    const [left] = discovery.commandCalls(DeregisterInstanceCommand);
    const given = discovery.commandCalls(RegisterInstanceCommand).map(({ args }) => args[0].input);
    expect(left?.args[0].input).toMatchObject({ ServiceId: 'srv-0' });
    expect(given.map(({ ServiceId, Attributes }) => [ServiceId, Attributes?.['AWS_INSTANCE_IPV4']])).toEqual([
      ['srv-0', '10.0.0.9'],
      ['srv-m', '10.0.0.9'],
    ]);
  });

  test('whose process is gone is replaced before ECS says that its task has stopped', async () => {
    const ended = event({ containers: [{ lastStatus: 'STOPPED', exitCode: 137 }], stoppedReason: 'killed' });
    partition({ sk: 'record', value: awake }, { sk: 'task#abc', value: ended });
    await registerTask(deps, ended, NOW);
    expect(started()).toHaveLength(1);
  });
});
