/** The order of two reads decides whether a sleep and a replacement can begin at the same moment without seeing each other. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { DynamoDBDocumentClient, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { observeMembers } from '../../../functions/observe-members/observe.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const region = { region: 'eu-central-1' };
const dynamo = mockClient(DynamoDBDocumentClient);
const ecs = mockClient(ECSClient);

test('the phase is looked at when the lock is held: a sleep sees the lock, or its phase is seen', async () => {
  const order: string[] = [];
  dynamo.on(PutCommand).resolves({});
  dynamo.on(UpdateCommand).callsFake(() => {
    order.push('lock');
    return {};
  });
  dynamo.on(QueryCommand).callsFake(() => {
    order.push('phase');
    return { Items: [{ sk: 'record', value: aRecord({ phase: 'awake', metadataOpen: true }) }] };
  });
  ecs.on(ListTasksCommand).resolves({ taskArns: [] });
  const seen = await observeMembers(
    {
      registry: { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' },
      source: { ecs: new ECSClient(region), ecsCluster: 'redkite-dev' },
      ...{ namespaceName: 'redkite.internal', image: 'etcd:v3.6.16' },
    },
    { cluster: 'demo', owner: 'demo-replace-abc', retire: [] },
    NOW,
  );
  expect(seen.turn).toBe('ours');
  expect(order).toEqual(['lock', 'phase']);
});
