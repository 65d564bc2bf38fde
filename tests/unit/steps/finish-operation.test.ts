/** An operation gives its cluster back once, whatever becomes of the answers. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { ClusterRecord } from '../../../functions/common/cluster/record.ts';
import { finishOperation } from '../../../functions/finish-operation/finish.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  table: 'registry',
};
const finish = () => finishOperation(registry, { cluster: 'demo', generation: 3 }, { outcome: 'awake' }, NOW);
const owned = aRecord({ phase: 'recovering', generation: 3, owner: 'ours' });
function resting(changes: Partial<ClusterRecord> = {}): ClusterRecord {
  const { owner, ...record } = aRecord({ phase: 'awake', generation: 3, ...changes });
  return record;
}
const notHeld = Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException' });

beforeEach(() => {
  dynamo.reset();
  dynamo.on(UpdateCommand).resolves({});
});

test('the cluster is awake and has no owner', async () => {
  let read = 0;
  dynamo.on(GetCommand).callsFake(() => ({ Item: { value: (read += 1) === 1 ? owned : resting() } }));
  expect(await finish()).toEqual({ phase: 'awake' });
  const { UpdateExpression = '' } = dynamo.commandCalls(UpdateCommand)[0]?.args[0].input ?? {};
  expect(UpdateExpression).toContain('REMOVE #value.#owner');
});

test('collections that did not load are told in the conditions', async () => {
  const opened = { ...owned, unloaded: 'digits, default.other' };
  let read = 0;
  dynamo.on(GetCommand).callsFake(() => ({ Item: { value: (read += 1) === 1 ? opened : resting() } }));
  await finish();
  const { input } = dynamo.commandCalls(UpdateCommand)[0]?.args[0] ?? {};
  const conditions = input?.ExpressionAttributeValues?.[':conditions'] as ClusterRecord['conditions'];
  expect(conditions.ComputeReady).toMatchObject({ status: 'False', reason: 'CollectionsNotLoaded' });
  expect(conditions.ComputeReady.message).toContain('digits, default.other');
  expect(conditions.EndpointsReady.status).toBe('True');
  expect(input?.UpdateExpression).toContain('#value.#unloaded');
});

test.each([
  [
    'an error of ours says what it is about',
    {
      error: 'MetadataUnreachable',
      cause: JSON.stringify({ errorMessage: 'No member answers.', errorType: 'MetadataUnreachable', trace: ['at x'] }),
    },
    'its metadata could not be archived: No member answers.',
  ],
  [
    'any other is for whoever looks at the execution',
    {
      error: 'Runtime.ExitError',
      cause: '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 1 Error: signal: killed"}',
    },
    'its metadata could not be archived: the execution ours says why',
  ],
  ['what has not failed is said as it is', undefined, 'its metadata could not be archived'],
])('why a sleep turned round is said in plain words: %s', async (_, failure, expected) => {
  const nap = {
    point: 'flushed',
    way: 'sleep',
    reason: 'idle',
    unarchived: true,
    takeovers: 0,
    failedWakes: 0,
  } as const;
  const asleep = aRecord({ phase: 'falling-asleep', generation: 3, owner: 'ours', nap });
  let read = 0;
  dynamo.on(GetCommand).callsFake(() => ({ Item: { value: (read += 1) === 1 ? asleep : resting() } }));
  const reason = 'its metadata could not be archived';
  await finishOperation(registry, { cluster: 'demo', generation: 3 }, { outcome: 'awake', reason, failure }, NOW);
  expect(dynamo.commandCalls(UpdateCommand)[0]?.args[0].input.ExpressionAttributeValues?.[':turnedRound']).toEqual({
    ...{ at: NOW.toISOString(), point: 'flushed', reason: expected },
  });
});

test('a step that is called again finds its work done', async () => {
  dynamo.on(GetCommand).resolves({ Item: { value: resting() } });
  expect(await finish()).toEqual({ phase: 'awake' });
  expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(0);
});

test('a write whose answer got lost is no failure', async () => {
  dynamo.on(UpdateCommand).rejects(notHeld);
  let read = 0;
  dynamo.on(GetCommand).callsFake(() => ({ Item: { value: (read += 1) === 1 ? owned : resting() } }));
  expect(await finish()).toEqual({ phase: 'awake' });
});

test.each([
  ['somebody else has it now', aRecord({ phase: 'recovering', generation: 4, owner: 'theirs' })],
  ['it is not given back after all', owned],
  ['a later operation has given it back', resting({ generation: 4 })],
])('refused where %s', async (_, present) => {
  dynamo.on(UpdateCommand).rejects(notHeld);
  let read = 0;
  dynamo.on(GetCommand).callsFake(() => ({ Item: { value: (read += 1) === 1 ? owned : present } }));
  await expect(finish()).rejects.toMatchObject({ name: 'OwnershipLost' });
});
