/** A cluster is taken once, and whoever took it knows, whatever became of the answer to its write. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { takeCluster } from '../../../functions/common/registry/registry.ts';
import { aRecord } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  table: 'registry',
};
const asleep = aRecord({ phase: 'asleep', generation: 4 });
const take = () =>
  takeCluster(registry, asleep, {
    changes: { phase: 'waking', generation: 5, owner: 'demo-wake-5' },
    remove: ['wakeWanted'],
  });

beforeEach(() => {
  dynamo.reset();
  dynamo.on(UpdateCommand).rejects(Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException' }));
});

test('the client sent a write again that had taken effect', async () => {
  dynamo
    .on(GetCommand)
    .resolves({ Item: { value: aRecord({ phase: 'waking', generation: 5, owner: 'demo-wake-5' }) } });
  expect(await take()).toBe(true);
});

test.each([
  ['somebody else was faster', aRecord({ phase: 'waking', generation: 5, owner: 'theirs' })],
  ['it is over already', aRecord({ phase: 'falling-asleep', generation: 6, owner: 'demo-sleep-6' })],
  ['it has another phase', asleep],
])('not taken where %s', async (_, present) => {
  dynamo.on(GetCommand).resolves({ Item: { value: present } });
  expect(await take()).toBe(false);
});
