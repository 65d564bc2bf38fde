/** The metadata name is opened for the members that run; one that was lost since the last look is an error all the same. */
import { RegisterInstanceCommand, ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { openMetadata } from '../../../functions/open-metadata/open.ts';
import { aRecord, aTask } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const names = mockClient(ServiceDiscoveryClient);
const deps = {
  registry: { client: dynamo as unknown as DynamoDBDocumentClient, table: 'registry' },
  namespace: { client: names as unknown as ServiceDiscoveryClient, namespaceId: 'ns-1' },
};
const record = aRecord({ discovery: { metadata: 'srv-m', members: ['srv-0', 'srv-1', 'srv-2'] } });
const { members } = record.spec.metadata;

function withMembersRunning(count: number): void {
  const tasks = Array.from({ length: count }, (_, ordinal) => ({
    pk: 'demo',
    sk: `task#${ordinal}`,
    value: aTask({ taskId: String(ordinal), group: `member:demo:${ordinal}`, address: `10.0.0.${ordinal}` }),
  }));
  dynamo.on(QueryCommand).resolves({ Items: [{ pk: 'demo', sk: 'record', value: record }, ...tasks] });
}

beforeEach(() => {
  for (const mock of [dynamo, names]) mock.reset();
  dynamo.on(UpdateCommand).resolves({});
  names.on(RegisterInstanceCommand).resolves({ OperationId: '1' });
});

test('every member that runs is under the name', async () => {
  withMembersRunning(members);
  expect((await openMetadata(deps, { cluster: 'demo', generation: 1 })).addresses).toHaveLength(members);
});

test('the name is open for the others when one is missing, and the machine is told', async () => {
  withMembersRunning(members - 1);
  await expect(openMetadata(deps, { cluster: 'demo', generation: 1 })).rejects.toMatchObject({ name: 'MemberLost' });
  expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(1);
  expect(names.commandCalls(RegisterInstanceCommand)).toHaveLength(members - 1);
});
