/** The edges of the maintenance: what it notes, and that the lock is never kept. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { parseReplacementName } from '../../../functions/common/cluster/names.ts';
import { finishMaintenance } from '../../../functions/finish-maintenance/finish.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const sfn = mockClient(SFNClient);
const region = { region: 'eu-central-1' };
const OWNER = 'demo-maintain-watch-1';
const deps = {
  registry: { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' },
  sfn: new SFNClient(region),
  replaceMachineArn: 'arn:replace',
};
const named = (name: string) => Object.assign(new Error(name), { name });
const ready = (reason: string) => ({
  ...aRecord({ phase: 'awake' }),
  conditions: { ...aRecord().conditions, MetadataReady: { ...aRecord().conditions.MetadataReady, reason } },
});

function registryHolds(owner: string | undefined, reason = 'QuorumHealthy'): void {
  dynamo.on(GetCommand).callsFake(({ Key }: { Key: { sk: string } }) => {
    if (Key.sk === 'record') return { Item: { value: ready(reason) } };
    if (Key.sk === 'lock#metadata') return { Item: owner === undefined ? undefined : { owner } };
    return { Item: undefined };
  });
}
const condition = () =>
  dynamo
    .commandCalls(UpdateCommand)
    .map(({ args }) => args[0].input.ExpressionAttributeValues?.[':condition'] as unknown)
    .find((value) => value !== undefined);
const ended = () => dynamo.commandCalls(PutCommand).map(({ args }) => args[0].input.Item?.['value'] as unknown);
const finish = (outcome: Parameters<typeof finishMaintenance>[2]) =>
  finishMaintenance(deps, { cluster: 'demo', owner: OWNER }, outcome, NOW);

beforeEach(() => {
  dynamo.reset();
  sfn.reset();
  dynamo.on(PutCommand).resolves({});
  dynamo.on(UpdateCommand).resolves({});
  dynamo.on(DeleteCommand).resolves({});
  sfn.on(StartExecutionCommand).resolves({});
  registryHolds(OWNER);
});

test('a good end is noted, says nothing new, and lets go of the lock', async () => {
  expect(await finish({ outcome: 'done' })).toEqual({ replacing: false });
  expect(ended()).toMatchObject([{ ended: { outcome: 'done', at: NOW.toISOString() } }]);
  expect(condition()).toBeUndefined();
  expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(1);
});

test('a good end takes back what maintenance had said', async () => {
  registryHolds(OWNER, 'MetadataFull');
  await finish({ outcome: 'done' });
  expect(condition()).toMatchObject({ status: 'True', reason: 'QuorumHealthy' });
});

test.each(['MetadataFull', 'MetadataCorrupt'])('%s becomes a condition, with what to do', async (error) => {
  await finish({ outcome: 'failed', error, cause: 'etcd-1 has 400 MiB of 400 MiB' });
  expect(condition()).toMatchObject({
    status: 'False',
    reason: error,
    message: expect.stringMatching(/^etcd-1 has 400 MiB of 400 MiB .*docs\/runbooks/) as string,
  });
  expect(ended()).toMatchObject([{ ended: { outcome: error } }]);
});

test('another failure says nothing about the quorum', async () => {
  await finish({ outcome: 'failed', error: 'States.Timeout', cause: '' });
  expect(condition()).toBeUndefined();
  expect(ended()).toMatchObject([{ ended: { outcome: 'States.Timeout' } }]);
});

test('a note of somebody who met the lock has the members looked at', async () => {
  dynamo.on(DeleteCommand).rejectsOnce(named('ConditionalCheckFailedException')).resolves({});
  expect(await finish({ outcome: 'over' })).toEqual({ replacing: true });
  const [started] = sfn.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);
  expect(started).toMatchObject({ stateMachineArn: 'arn:replace' });
  expect(parseReplacementName(started?.name ?? '')).toMatchObject({ cluster: 'demo' });
  expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(2);
});

test('members that need it are handed over, once however often this is called', async () => {
  expect(await finish({ outcome: 'members', reason: 'etcd-1 is gone' })).toEqual({ replacing: true });
  sfn.on(StartExecutionCommand).rejects(named('ExecutionAlreadyExists'));
  expect(await finish({ outcome: 'members', reason: 'etcd-1 is gone' })).toEqual({ replacing: true });
  const [first, second] = sfn.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);
  expect(first?.name).toBe(second?.name);
  expect(JSON.parse(first?.input ?? '')).toEqual({ cluster: 'demo', reason: 'etcd-1 is gone' });
});

test('who has lost the lock says nothing any more', async () => {
  registryHolds('demo-replace-other');
  await finish({ outcome: 'failed', error: 'MetadataFull', cause: '' });
  expect(ended()).toEqual([]);
  expect(condition()).toBeUndefined();
  expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(0);
});
