/** What fences a lost quorum: nobody finds it any more, and nothing of the cluster runs on. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  StopTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client, ModifyRuleCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  DeregisterInstanceCommand,
  ListInstancesCommand,
  ServiceDiscoveryClient,
} from '@aws-sdk/client-servicediscovery';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { planRoles } from '../../../functions/common/releases/plan.ts';
import { stopCluster } from '../../../functions/stop-cluster/stop.ts';
import { aRecord } from '../../fixtures/clusters.ts';

const region = { region: 'eu-central-1' };
const dynamo = mockClient(DynamoDBDocumentClient);
const ecs = mockClient(ECSClient);
const discovery = mockClient(ServiceDiscoveryClient);
const elb = mockClient(ElasticLoadBalancingV2Client);
const deps = {
  registry: { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' },
  source: { ecs: new ECSClient(region), ecsCluster: 'redkite-dev' },
  namespace: { client: new ServiceDiscoveryClient(region), namespaceId: 'ns' },
  elb: new ElasticLoadBalancingV2Client(region),
};
const record = aRecord({
  ...{ phase: 'recovering', generation: 5, owner: 'ours' },
  discovery: { metadata: 'srv-m', members: ['srv-0', 'srv-1', 'srv-2'] },
  rulesWish: { state: 'closed', generation: 5 },
  entry: { targetGroups: {}, rules: [{ protocol: 'rest', listenerArn: 'l', ruleArn: 'rule' }] },
});
const roles = planRoles(record.spec).map(({ role }) => role);
const survivor = 'arn:aws:ecs:eu-central-1:1:task/redkite-dev/survivor';

beforeEach(() => {
  for (const mock of [dynamo, ecs, discovery, elb]) mock.reset();
  dynamo.on(GetCommand).resolves({ Item: { value: record } });
  dynamo.on(UpdateCommand).resolves({});
  discovery.on(ListInstancesCommand).resolves({ Instances: [{ Id: 'member-1' }] });
  discovery.on(DeregisterInstanceCommand).resolves({});
  elb.on(ModifyRuleCommand).resolves({});
  ecs.on(UpdateServiceCommand).resolves({});
  ecs.on(StopTaskCommand).resolves({});
  ecs.on(ListTasksCommand).resolves({ taskArns: [survivor] });
  const task = { taskArn: survivor, group: 'member:demo:1', lastStatus: 'RUNNING', desiredStatus: 'RUNNING' };
  ecs.on(DescribeTasksCommand).resolves({ tasks: [task] });
});

test('the entry is closed, the name is empty, every role and every survivor is asked to stop, and all are waited for', async () => {
  const { wants } = await stopCluster(deps, { cluster: 'demo', generation: 5 });
  expect(elb.commandCalls(ModifyRuleCommand)).toHaveLength(1);
  expect(discovery.commandCalls(DeregisterInstanceCommand)[0]?.args[0].input).toMatchObject({
    ServiceId: 'srv-m',
    InstanceId: 'member-1',
  });
  const services = ecs.commandCalls(UpdateServiceCommand).map(({ args }) => args[0].input);
  expect(services).toHaveLength(roles.length);
  expect(services.every(({ desiredCount }) => desiredCount === 0)).toBe(true);
  expect(ecs.commandCalls(StopTaskCommand).map(({ args }) => args[0].input.task)).toEqual([survivor]);
  expect(wants).toHaveLength(3 + roles.length);
  expect(wants).toContainEqual({ group: 'member:demo:1', count: 0 });
});

test('what cannot be stopped is not called stopped', async () => {
  ecs.on(StopTaskCommand).rejects(new Error('ECS is not there'));
  await expect(stopCluster(deps, { cluster: 'demo', generation: 5 })).rejects.toThrow('ECS is not there');
});

test.each([
  ['of another operation', 4],
  ['that is awake', 5],
])('a cluster %s is left alone', async (_, generation) => {
  dynamo.on(GetCommand).resolves({ Item: { value: { ...record, phase: generation === 5 ? 'awake' : record.phase } } });
  await expect(stopCluster(deps, { cluster: 'demo', generation })).rejects.toMatchObject({ name: 'OwnershipLost' });
  expect(ecs.calls()).toEqual([]);
  expect(elb.calls()).toEqual([]);
});
