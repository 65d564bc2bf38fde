/** What scale/product.ts says of one cluster, counted: the steps of a wake run against AWS clients that only count. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateServiceCommand as CreateEcsServiceCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import {
  CreateRuleCommand,
  CreateTargetGroupCommand,
  DescribeRulesCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  CreateServiceCommand,
  RegisterInstanceCommand,
  ServiceDiscoveryClient,
} from '@aws-sdk/client-servicediscovery';
import { DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { observeTargets } from '../../../functions/check-targets/check.ts';
import type { EntryRecord } from '../../../functions/common/cluster/record.ts';
import { launchMembers } from '../../../functions/launch-members/launch.ts';
import { launchServices } from '../../../functions/launch-services/launch.ts';
import { openMetadata } from '../../../functions/open-metadata/open.ts';
import { prepareEntry } from '../../../functions/prepare-entry/prepare.ts';
import { memberInstanceId } from '../../../functions/register-task/decide.ts';
import { clusterNeeds } from '../../../scale/product.ts';
import { aRecord, aTask } from '../../fixtures/clusters.ts';

const region = { region: 'eu-central-1' };
const dynamo = mockClient(DynamoDBDocumentClient);
const ecs = mockClient(ECSClient);
const elb = mockClient(ElasticLoadBalancingV2Client);
const names = mockClient(ServiceDiscoveryClient);
const registry = { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' };
const client = new ECSClient(region);
const namespace = { client: new ServiceDiscoveryClient(region), namespaceId: 'ns' };
const placement = {
  ...{ stage: 'dev', ecsCluster: 'redkite-dev', network: {}, executionRoleArn: 'arn:execution' },
  ...{ logGroup: 'logs', region: region.region, cpuArchitecture: 'X86_64' as const },
};
const entry = {
  ...{ elb: new ElasticLoadBalancingV2Client(region), stage: 'dev', vpcId: 'vpc' },
  ...{ httpListenerArn: 'arn:http', httpsListenerArn: 'arn:https' },
};
const operation = { cluster: 'demo', generation: 1 };
const needs = clusterNeeds(aRecord().spec);
const members = Array.from({ length: aRecord().spec.metadata.members }, (_, n) =>
  aTask({ taskId: `m${n}`, group: `member:demo:${n}`, address: `10.0.0.${n}` }),
);
const proxy = aTask({ taskId: 'p', group: 'service:demo_proxy', address: '10.0.1.1' });

beforeEach(() => {
  for (const mock of [dynamo, ecs, elb, names]) mock.reset();
  dynamo.on(UpdateCommand).resolves({});
  dynamo.on(GetCommand).resolves({ Item: { value: aRecord() } });
  ecs.on(ListTasksCommand).resolves({ taskArns: [] });
  ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: 'arn:definition:1' } });
  ecs.on(RunTaskCommand).resolves({ tasks: [{ lastStatus: 'PROVISIONING' }] });
  // Services of a cluster that was awake before are there.
  ecs
    .on(CreateEcsServiceCommand)
    .rejects(Object.assign(new Error('it is there'), { name: 'InvalidParameterException' }));
  names.on(CreateServiceCommand).resolves({ Service: { Id: 'srv' } });
  elb.on(CreateTargetGroupCommand).callsFake(({ Name }: { Name: string }) => ({
    TargetGroups: [{ TargetGroupArn: Name }],
  }));
  elb.on(DescribeRulesCommand).resolves({ Rules: [] });
  elb.on(CreateRuleCommand).resolves({ Rules: [{ RuleArn: 'arn:rule' }] });
});

test('members: names, definitions, tasks', async () => {
  await launchMembers(
    { registry, source: { ecs: client, ecsCluster: 'e' }, placement, namespace, namespaceName: 'n', image: 'etcd' },
    operation,
  );
  expect(names.commandCalls(CreateServiceCommand)).toHaveLength(needs.names);
  expect(ecs.commandCalls(RunTaskCommand)).toHaveLength(needs.wake.runTask);
  expect(ecs.commandCalls(RegisterTaskDefinitionCommand)).toHaveLength(needs.wake.registerTaskDefinition);
});

test('roles: definitions and services, each brought to its count', async () => {
  const milvus = {
    ...{ image: 'milvus', namespaceName: 'n', bucket: 'b', messagesSecretArn: 'arn:s', taskRoleArn: 'arn:t' },
    objects: { address: 's3', port: '443', tls: true },
  };
  await launchServices({ registry, ecs: client, placement, milvus, spotRoles: [], now: () => new Date() }, operation, [
    'b:9096',
  ]);
  expect(ecs.commandCalls(RegisterTaskDefinitionCommand)).toHaveLength(needs.services);
  expect(ecs.commandCalls(UpdateServiceCommand)).toHaveLength(needs.wake.updateService);
  const tasks = ecs
    .commandCalls(UpdateServiceCommand)
    .reduce((sum, { args: [{ input }] }) => sum + (input.desiredCount ?? 0), 0);
  expect(tasks + needs.wake.runTask).toBe(needs.tasks);
});

test('names: each member under the one that all share, and the registrar puts it under its own', async () => {
  const record = aRecord({ discovery: { metadata: 'srv-m', members: ['srv-0', 'srv-1', 'srv-2'] } });
  dynamo.on(QueryCommand).resolves({
    Items: [{ sk: 'record', value: record }, ...members.map((task) => ({ sk: `task#${task.taskId}`, value: task }))],
  });
  await openMetadata({ registry, namespace }, operation);
  const shared = names.commandCalls(RegisterInstanceCommand).map(({ args: [{ input }] }) => input.InstanceId);
  expect(shared).toEqual(members.map((_, ordinal) => memberInstanceId(ordinal)));
  expect(2 * shared.length).toBe(needs.instances);
  expect(needs.wake.registerInstance).toBe(needs.instances);
});

test('the entry: target groups, rules and targets, and the calls that open it', async () => {
  dynamo.on(QueryCommand).resolves({
    Items: [
      { sk: 'record', value: aRecord() },
      { sk: 'task#p', value: proxy },
    ],
  });
  const { targetGroups } = await prepareEntry({ ...entry, registry }, operation);
  expect(elb.commandCalls(CreateTargetGroupCommand)).toHaveLength(needs.targetGroups);
  expect(elb.commandCalls(CreateRuleCommand)).toHaveLength(needs.rules);
  expect(elb.commandCalls(RegisterTargetsCommand)).toHaveLength(needs.wake.elbTargets);
  expect(needs.targets).toBe(needs.wake.elbTargets);

  // A wake finds its rules, opens each of them (functions/open-entry), and looks at each group at least once.
  elb.on(DescribeTargetHealthCommand).resolves({});
  for (const group of targetGroups) await observeTargets(entry.elb, group);
  const written = dynamo
    .commandCalls(UpdateCommand)
    .map(({ args: [{ input }] }) => input.ExpressionAttributeValues?.[':entry'] as EntryRecord | undefined)
    .find((value) => value !== undefined);
  const looks = elb.commandCalls(DescribeRulesCommand).length + elb.commandCalls(DescribeTargetHealthCommand).length;
  expect(looks + (written?.rules.length ?? 0)).toBe(needs.wake.elbCalls);
});
