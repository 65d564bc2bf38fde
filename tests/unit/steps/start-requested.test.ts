/** Requests: written inside the VPC, brought by the stream, started outside. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { maintenanceName, replacementName } from '../../../functions/common/cluster/names.ts';
import { putRequest, readRequest, REQUESTS, type ClusterRequest } from '../../../functions/common/registry/requests.ts';
import { startRequested, streamRecordsSchema } from '../../../functions/start-requested/start.ts';
import { VERBS } from '../../../functions/start-requested/verbs.ts';

const root = join(import.meta.dirname, '../../..');
const region = { region: 'eu-central-1' };
const dynamo = mockClient(DynamoDBDocumentClient);
const sfn = mockClient(SFNClient);
const registry = { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' };
const deps = { registry, sfn: new SFNClient(region), machineArn: (variable: string) => `arn of ${variable}` };
const named = (name: string) => Object.assign(new Error(name), { name });

const request: ClusterRequest = {
  cluster: 'demo',
  verb: 'replace-member',
  reason: 'etcd-1 does not answer',
  requestedAt: '2026-03-01T12:34:56.000Z',
  details: { memory: { since: { 'silent:t1': 1_772_368_490_000 }, seenAt: 1_772_368_496_000 } },
};
const NAME = 'demo-replace-watch-29539474';

/** What putRequest writes, as the stream would bring it. */
async function record(number: string, wanted: ClusterRequest = request) {
  dynamo.reset();
  dynamo.on(PutCommand).resolves({});
  dynamo.on(DeleteCommand).resolves({});
  await putRequest(registry, wanted);
  const item = dynamo.commandCalls(PutCommand)[0]?.args[0].input.Item ?? {};
  return { dynamodb: { SequenceNumber: number, NewImage: marshall(item) as Record<string, unknown> } };
}
const strange = (item: Record<string, unknown>) => ({
  dynamodb: { SequenceNumber: 'x', NewImage: marshall(item) as Record<string, unknown> },
});
const started = () => sfn.commandCalls(StartExecutionCommand).map((call) => call.args[0].input);

beforeEach(() => {
  sfn.reset();
  sfn.on(StartExecutionCommand).resolves({});
});

test('a request starts its execution, with what was seen, and is taken away', async () => {
  expect(await startRequested(deps, { Records: [await record('1')] })).toEqual({ batchItemFailures: [] });
  expect(started()).toEqual([
    {
      stateMachineArn: 'arn of REPLACE_MACHINE_ARN',
      name: NAME,
      input: JSON.stringify({ cluster: 'demo', reason: request.reason, ...request.details }),
    },
  ]);
  expect(dynamo.commandCalls(DeleteCommand)[0]?.args[0].input).toMatchObject({
    Key: { pk: 'demo', sk: 'request#replace-member' },
    ExpressionAttributeValues: { ':requestedAt': request.requestedAt },
  });
});

test('a sleep is started once a generation, and looks for anything that was asked since', async () => {
  const sleep: ClusterRequest<'sleep'> = {
    ...{ cluster: 'demo', verb: 'sleep', reason: 'nothing was asked of it', requestedAt: request.requestedAt },
    details: { generation: 4 },
  };
  await startRequested(deps, { Records: [await record('1', sleep)] });
  expect(started()).toEqual([
    {
      stateMachineArn: 'arn of SLEEP_MACHINE_ARN',
      name: 'demo-sleep-4',
      input: JSON.stringify({ cluster: 'demo', generation: 4, reason: sleep.reason, look: 'activity' }),
    },
  ]);
});

test('one that comes twice starts nothing again', async () => {
  const Records = [await record('1')];
  sfn.on(StartExecutionCommand).rejects(named('ExecutionAlreadyExists'));
  expect(await startRequested(deps, { Records })).toEqual({ batchItemFailures: [] });
  expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(1);
});

test('one that was written anew meanwhile is left for its own turn', async () => {
  const Records = [await record('1')];
  dynamo.on(DeleteCommand).rejects(named('ConditionalCheckFailedException'));
  expect(await startRequested(deps, { Records })).toEqual({ batchItemFailures: [] });
});

test('one that cannot be started is named, and the others are started all the same', async () => {
  const Records = [
    await record('1', { ...request, cluster: 'first' }),
    await record('2', { ...request, cluster: 'second' }),
    await record('3', { ...request, cluster: 'third' }),
  ];
  sfn
    .on(StartExecutionCommand, { name: replacementName('second', 'watch-29539474') })
    .rejects(named('ThrottlingException'));
  expect(await startRequested(deps, { Records })).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] });
  expect(started().map(({ name }) => name?.split('-')[0])).toEqual(['first', 'second', 'third']);
  expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(2);
});

test('a start whose request could not be taken away comes again', async () => {
  const Records = [await record('7')];
  dynamo.on(DeleteCommand).rejects(named('ThrottlingException'));
  expect(await startRequested(deps, { Records })).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] });
});

describe('dropped, so that they hold up nobody', () => {
  const value = { reason: 'r', requestedAt: request.requestedAt, details: request.details };
  test.each([
    ['an unknown verb', { pk: 'demo', sk: 'request#fly', value }],
    ['a verb of every object', { pk: 'demo', sk: 'request#toString', value }],
    ['no request', { pk: 'demo', sk: 'record', value }],
    ['no value', { pk: 'demo', sk: 'request#replace-member' }],
    ['no time', { pk: 'demo', sk: 'request#replace-member', value: { ...value, requestedAt: 'now' } }],
    ['no details', { pk: 'demo', sk: 'request#replace-member', value: { ...value, details: {} } }],
  ])('%s', async (_, item) => {
    const good = await record('2');
    const Records = [strange(item), { dynamodb: { SequenceNumber: 'y' } }, good];
    expect(await startRequested(deps, { Records })).toEqual({ batchItemFailures: [] });
    expect(started().map(({ name }) => name)).toEqual([NAME]);
  });
});

test('whatever lies there, it is read without an accident', () => {
  fc.assert(
    fc.property(fc.anything(), (item) => {
      expect(readRequest(item).kind).toBe('unknown');
    }),
  );
});

test('every verb that can be asked for has an execution, and its machine is known to the function', () => {
  expect(Object.keys(VERBS)).toEqual(Object.keys(REQUESTS));
  const template = readFileSync(join(root, 'serverless.yml'), 'utf8');
  const [own = ''] = /startRequested:\n(?: {4}.*\n)+/.exec(template) ?? [];
  for (const { machine } of Object.values(VERBS)) expect(own).toContain(`${machine}: !Ref `);
});

test('the filter of the mapping lets requests through, and nothing else of the registry', async () => {
  const [, text = ''] = /Pattern: '(.*request.*)'/.exec(readFileSync(join(root, 'resources/events.yml'), 'utf8')) ?? [];
  await record('1');
  const { sk } = dynamo.commandCalls(PutCommand)[0]?.args[0].input.Item ?? {};
  expect(sk).toBe('request#replace-member');
  expect(JSON.parse(text)).toEqual({
    eventName: ['INSERT', 'MODIFY'],
    dynamodb: { Keys: { sk: { S: [{ prefix: 'request#' }] } } },
  });
});

test('what no stream sends is refused', () => {
  expect(streamRecordsSchema.safeParse({}).success).toBe(false);
  expect(streamRecordsSchema.safeParse({ Records: [{ body: '{}' }] }).success).toBe(false);
});

test('maintenance is started for its minute', async () => {
  const wanted: ClusterRequest<'maintain-quorum'> = {
    ...{ cluster: 'demo', verb: 'maintain-quorum', reason: 'there is no room', requestedAt: request.requestedAt },
    details: {},
  };
  expect(await startRequested(deps, { Records: [await record('1', wanted)] })).toEqual({ batchItemFailures: [] });
  expect(started()).toEqual([
    {
      stateMachineArn: 'arn of MAINTAIN_MACHINE_ARN',
      name: maintenanceName('demo', 'watch-29539474'),
      input: JSON.stringify({ cluster: 'demo', reason: 'there is no room' }),
    },
  ]);
});
