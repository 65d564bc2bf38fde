/** A role's service gets its definition; what ECS has already is not registered again, and what it has lost is. */
import {
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { RECORD_KEY } from '../../../functions/common/registry/conditional.ts';
import { launchServices } from '../../../functions/launch-services/launch.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';
import { memoryRegistry } from '../../fixtures/registry.ts';

const ROLES = 7;
const client = new ECSClient({ region: 'eu-central-1' });
const ecs = mockClient(client);
const placement = {
  ...{ stage: 'dev', ecsCluster: 'redkite-dev', network: {}, executionRoleArn: 'arn:execution' },
  ...{ logGroup: 'logs', region: 'eu-central-1', cpuArchitecture: 'X86_64' as const },
};
const milvus = {
  ...{ image: 'milvus', namespaceName: 'n', bucket: 'b', messagesSecretArn: 'arn:s', taskRoleArn: 'arn:t' },
  objects: { address: 's3', port: '443', tls: true },
};
const named = (name: string) => Object.assign(new Error(name), { name });

/** ECS as far as it matters here: which services and definitions there are. */
function anEcs() {
  const services = new Set<string>();
  const gone = new Set<string>();
  /** Of which the emulator of local mode still knows. */
  const deleted = new Set<string>();
  let revision = 0;
  const check = (arn = '') => {
    if (gone.has(arn)) throw named('ClientException');
  };
  ecs.reset();
  ecs.on(RegisterTaskDefinitionCommand).callsFake(({ family }: { family: string }) => {
    revision += 1;
    return { taskDefinition: { taskDefinitionArn: `${family}:${revision}` } };
  });
  ecs.on(CreateServiceCommand).callsFake((input: { serviceName: string; taskDefinition: string }) => {
    check(input.taskDefinition);
    if (services.has(input.serviceName) && !deleted.delete(input.serviceName)) throw named('InvalidParameterException');
    services.add(input.serviceName);
    return {};
  });
  ecs.on(UpdateServiceCommand).callsFake((input: { service: string; taskDefinition: string }) => {
    if (!services.has(input.service)) throw named('ServiceNotFoundException');
    check(input.taskDefinition);
    return { service: { status: deleted.has(input.service) ? 'INACTIVE' : 'ACTIVE' } };
  });
  return { services, gone, deleted };
}

async function aCluster() {
  const registry = memoryRegistry();
  const item = { pk: 'demo', sk: RECORD_KEY, value: aRecord({ phase: 'waking' }) };
  await registry.client.send(new PutCommand({ TableName: registry.table, Item: item }));
  return {
    registry,
    launch: (changes: Partial<typeof milvus> = {}) =>
      launchServices(
        { registry, ecs: client, placement, spotRoles: [], milvus: { ...milvus, ...changes }, now: () => NOW },
        { cluster: 'demo', generation: 1 },
        ['b:9096'],
      ),
  };
}

const registered = () => ecs.commandCalls(RegisterTaskDefinitionCommand).length;
const given = () => ecs.commandCalls(UpdateServiceCommand).map(({ args: [{ input }] }) => input.taskDefinition);

test('the first time definitions are registered and services made; the next time services get what they had', async () => {
  const { services } = anEcs();
  const { launch } = await aCluster();
  expect((await launch()).services).toHaveLength(ROLES);
  expect([registered(), services.size]).toEqual([ROLES, ROLES]);
  await launch();
  expect(registered()).toBe(ROLES);
  expect(ecs.commandCalls(CreateServiceCommand)).toHaveLength(ROLES);
  expect(new Set(given()).size).toBe(ROLES);
});

test('what has changed is registered', async () => {
  anEcs();
  const { launch } = await aCluster();
  await launch();
  await launch({ image: 'milvus:newer' });
  expect(registered()).toBe(2 * ROLES);
  expect(given().every((arn) => Number(arn?.split(':').at(-1)) > ROLES)).toBe(true);
});

test('a definition that somebody has deregistered, and a service that somebody has deleted, come again', async () => {
  const { services, gone } = anEcs();
  const { launch } = await aCluster();
  await launch();
  gone.add(String(ecs.commandCalls(CreateServiceCommand)[0]?.args[0].input.taskDefinition));
  const [deleted = ''] = [...services].slice(-1);
  services.delete(deleted);
  await launch();
  expect(registered()).toBe(ROLES + 2);
  expect(services.size).toBe(ROLES);
  await launch();
  expect(registered()).toBe(ROLES + 2);
});

test('a service that was deleted is made again, also where it can still be updated', async () => {
  const { services, deleted } = anEcs();
  const { launch } = await aCluster();
  await launch();
  for (const service of services) deleted.add(service);
  await launch();
  expect(ecs.commandCalls(CreateServiceCommand)).toHaveLength(2 * ROLES);
  expect(deleted.size).toBe(0);
});

test('where notes cannot be read it is registered once more', async () => {
  anEcs();
  const { launch, registry } = await aCluster();
  await launch();
  for (const role of ['proxy', 'querynode']) {
    const item = { pk: 'definitions#demo', sk: role, value: { arn: 5 } };
    await registry.client.send(new PutCommand({ TableName: registry.table, Item: item }));
  }
  await launch();
  expect(registered()).toBe(ROLES + 2);
});
