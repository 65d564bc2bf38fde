/** A cluster is taken for its recovery once, however often that is asked and whatever becomes of the answers. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beginRecovery } from '../../../functions/begin-recovery/begin.ts';
import type { ClusterRecord } from '../../../functions/common/cluster/record.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  table: 'registry',
};
const awake = aRecord({ phase: 'awake', generation: 4, metadataOpen: true });
const begin = (owner = 'ours') => beginRecovery(registry, { cluster: 'demo', owner, reason: 'lost' }, NOW);
const notHeld = Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException' });
/** The record that a first attempt of the write leaves behind. */
const taken = (owner: string): ClusterRecord => aRecord({ phase: 'recovering', generation: 5, owner });

beforeEach(() => {
  dynamo.reset();
  dynamo.on(PutCommand).resolves({});
  dynamo.on(GetCommand).resolves({ Item: { value: awake } });
});

test('takes it over and closes its metadata', async () => {
  expect(await begin()).toEqual({ cluster: 'demo', generation: 5 });
  expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input.Item?.['value']).toMatchObject({
    ...{ phase: 'recovering', owner: 'ours', generation: 5, metadataOpen: false },
    conditions: { MetadataReady: { status: 'False', reason: 'QuorumLost' } },
  });
});

test('a step that is called again finds its own work', async () => {
  dynamo.on(GetCommand).resolves({ Item: { value: taken('ours') } });
  expect(await begin()).toEqual({ cluster: 'demo', generation: 5 });
  expect(dynamo.commandCalls(PutCommand)).toHaveLength(0);
});

test('a write whose answer got lost is no loss', async () => {
  dynamo.on(PutCommand).rejects(notHeld);
  dynamo
    .on(GetCommand)
    .resolvesOnce({ Item: { value: awake } })
    .resolves({ Item: { value: taken('ours') } });
  expect(await begin()).toEqual({ cluster: 'demo', generation: 5 });
});

test.each<[string, ClusterRecord, ClusterRecord]>([
  ['somebody else was faster', awake, taken('theirs')],
  ['it is deleted meanwhile', awake, aRecord({ phase: 'deleting', generation: 5 })],
  ['it is asleep no more', aRecord({ phase: 'waking' }), aRecord({ phase: 'waking' })],
])('refused where %s', async (_, before, after) => {
  dynamo.on(PutCommand).rejects(notHeld);
  dynamo
    .on(GetCommand)
    .resolvesOnce({ Item: { value: before } })
    .resolves({ Item: { value: after } });
  await expect(begin()).rejects.toMatchObject({ name: 'OwnershipLost' });
});
