import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ElasticLoadBalancingV2Client, RegisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { RegisterInstanceCommand, ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { registerTask } from '../../../functions/register-task/register.ts';
import { observeTask } from '../../../functions/common/cluster/tasks.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const region = { region: 'eu-central-1' };
const dynamo = mockClient(DynamoDBDocumentClient);
const sfn = mockClient(SFNClient);
const discovery = mockClient(ServiceDiscoveryClient);
const elb = mockClient(ElasticLoadBalancingV2Client);
const deps = {
  registry: { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' },
  sfn: new SFNClient(region),
  namespace: { client: new ServiceDiscoveryClient(region), namespaceId: 'ns' },
  elb: new ElasticLoadBalancingV2Client(region),
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
  for (const mock of [dynamo, sfn, discovery, elb]) mock.reset();
  dynamo.on(PutCommand).resolves({});
  dynamo.on(DeleteCommand).resolves({});
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
  const record = aRecord({ entry: { targetGroups: { rest: 'tg' }, rules: [] } });
  partition({ sk: 'record', value: record }, { sk: 'barrier#members', value: { ...barrier, wants: [] } });
  elb.on(RegisterTargetsCommand).rejects(named('TargetGroupNotFoundException'));
  await registerTask(deps, event({ group: 'service:demo_proxy' }), NOW);
  expect(sfn.commandCalls(SendTaskSuccessCommand)).toHaveLength(1);
});

test('a failure of AWS is let out, so that the event is delivered again', async () => {
  discovery.on(RegisterInstanceCommand).rejects(named('RequestLimitExceeded'));
  await expect(registerTask(deps, event(), NOW)).rejects.toThrow('RequestLimitExceeded');
});
