/** Services that run on Fargate Spot, and those that do not. */
import {
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { launchServices } from '../../../functions/launch-services/launch.ts';
import { RECORD_KEY } from '../../../functions/common/registry/conditional.ts';
import { aRecord } from '../../fixtures/clusters.ts';
import { memoryRegistry } from '../../fixtures/registry.ts';

const region = { region: 'eu-central-1' };
const ecs = mockClient(ECSClient);
let registry: ReturnType<typeof memoryRegistry>;
const deps = (spotRoles: string[]) => ({
  registry,
  ecs: new ECSClient(region),
  placement: {
    ...{ stage: 'dev', ecsCluster: 'redkite-dev', network: {}, executionRoleArn: 'arn:execution', logGroup: 'logs' },
    ...{ ...region, cpuArchitecture: 'X86_64' as const },
  },
  milvus: {
    ...{ image: 'milvus', namespaceName: 'redkite.internal', bucket: 'bucket' },
    ...{ objects: { address: 's3', port: '443', tls: true }, messagesSecretArn: 'arn:secret', taskRoleArn: 'arn:role' },
  },
  spotRoles,
  now: () => new Date(),
});
const launch = (spotRoles: string[]) =>
  launchServices(deps(spotRoles), { cluster: 'demo', generation: 1 }, ['b-1:9096']);
const SPOT = [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }];
const nameOf = (service: string | undefined) => service?.split('_').at(-1);

beforeEach(async () => {
  ecs.reset();
  registry = memoryRegistry();
  const item = { pk: 'demo', sk: RECORD_KEY, value: aRecord() };
  await registry.client.send(new PutCommand({ TableName: registry.table, Item: item }));
  ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: 'arn:definition' } });
  ecs.on(CreateServiceCommand).resolves({});
  ecs.on(UpdateServiceCommand).resolves({});
});

test('only the roles that are named run on Spot; the others are told Fargate', async () => {
  await launch(['querynode', 'indexnode']);
  const created = ecs.commandCalls(CreateServiceCommand).map(({ args: [{ input }] }) => input);
  const spot = created.filter(({ capacityProviderStrategy }) => capacityProviderStrategy !== undefined);
  expect(spot.map(({ serviceName }) => nameOf(serviceName)).toSorted()).toEqual(['indexnode', 'querynode']);
  for (const input of spot) {
    expect(input.capacityProviderStrategy).toEqual(SPOT);
    // ECS refuses both.
    expect(input).not.toHaveProperty('launchType');
  }
  for (const input of created) if (!spot.includes(input)) expect(input.launchType).toBe('FARGATE');
});

test('a service that exists goes over to Spot with a deployment of its own, and is otherwise left with what it has', async () => {
  const exists = Object.assign(new Error('not idempotent'), { name: 'InvalidParameterException' });
  ecs.on(CreateServiceCommand).rejects(exists);
  await launch(['querynode']);
  const updated = ecs.commandCalls(UpdateServiceCommand).map(({ args: [{ input }] }) => input);
  expect(updated.length).toBeGreaterThan(1);
  for (const input of updated) {
    const spot = nameOf(input.service) === 'querynode';
    expect([input.capacityProviderStrategy, input.forceNewDeployment]).toEqual(
      spot ? [SPOT, true] : [undefined, undefined],
    );
  }
});
