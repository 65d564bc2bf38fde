import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { acceptCluster } from '../../../functions/accept-cluster/accept.ts';
import { awsError } from '../../fixtures/aws-errors.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const sfn = mockClient(SFNClient);
const deps = {
  registry: { client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })), table: 'registry' },
  sfn: new SFNClient({ region: 'eu-central-1' }),
  createMachineArn: 'arn:machine',
};
const input = { spec: aRecord().spec, idempotencyKey: undefined, now: NOW };
const named = (name: string) => Object.assign(new Error(name), { name });
const started = () => sfn.commandCalls(StartExecutionCommand).map((call) => call.args[0].input);

beforeEach(() => {
  dynamo.reset();
  sfn.reset();
  dynamo.on(GetCommand).resolves({});
  dynamo.on(PutCommand).resolves({});
  sfn.on(StartExecutionCommand).resolves({});
});

test('the record is written before its execution is started', async () => {
  const record = await acceptCluster(deps, input);
  expect(record).toMatchObject({ phase: 'creating', generation: 1 });
  expect(started()).toEqual([
    { stateMachineArn: 'arn:machine', name: 'demo-create-1', input: '{"cluster":"demo","generation":1}' },
  ]);
});

test('of two requests at the same moment one is refused, and starts nothing', async () => {
  dynamo.on(PutCommand).rejects(named('ConditionalCheckFailedException'));
  await expect(acceptCluster(deps, input)).rejects.toMatchObject({ code: 'conflict' });
  expect(started()).toEqual([]);
});

test('a record whose write lost its answer is our own, and its execution is started', async () => {
  dynamo.on(PutCommand).callsFake(({ Item }: { Item: Record<string, unknown> }) => {
    dynamo.on(GetCommand).resolves({ Item });
    throw named('ConditionalCheckFailedException');
  });
  expect(await acceptCluster(deps, input)).toMatchObject({ phase: 'creating', generation: 1 });
  expect(started().map(({ name }) => name)).toEqual(['demo-create-1']);
});

test('an execution that could not be started is started by the next request, which is refused all the same', async () => {
  sfn.on(StartExecutionCommand).rejectsOnce(awsError('ServiceUnavailable', 503));
  await expect(acceptCluster(deps, input)).rejects.toMatchObject({ code: 'unavailable' });
  sfn.on(StartExecutionCommand).resolves({});
  dynamo.on(GetCommand).resolves({ Item: { value: aRecord() } });
  await expect(acceptCluster(deps, input)).rejects.toMatchObject({
    code: 'cluster_exists',
    fields: [{ field: 'name' }],
  });
  expect(started().map(({ name }) => name)).toEqual(['demo-create-1', 'demo-create-1']);
});

test('an execution that has ended is not started again', async () => {
  sfn.on(StartExecutionCommand).rejects(named('ExecutionAlreadyExists'));
  await expect(acceptCluster(deps, input)).resolves.toMatchObject({ generation: 1 });
});

test('an execution that may not be started is a failure, which sending again does not cure', async () => {
  const denied = awsError('AccessDeniedException', 400);
  sfn.on(StartExecutionCommand).rejects(denied);
  await expect(acceptCluster(deps, input)).rejects.toBe(denied);
});
