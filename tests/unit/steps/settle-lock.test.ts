/** A replacement that ended with the lock: what is said of the quorum, and that the lock goes last. */
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { aRecord } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const execution = 'demo-replace-watch-29539474';
const event = {
  source: 'aws.states',
  detail: { name: execution, status: 'TIMED_OUT', input: '{"cluster":"demo"}', stateMachineArn: 'arn:replace-member' },
};
const writes = () =>
  dynamo
    .calls()
    .map(({ args: [command] }) => command)
    .filter((command) => !(command instanceof GetCommand))
    .map(({ constructor }) => constructor.name);

async function settle(): Promise<void> {
  const machines = ['CLEAN_UP', 'SLEEP', 'WAKE', 'RECOVER'].map((name) => [`${name}_MACHINE_ARN`, 'arn:machine']);
  Object.assign(process.env, Object.fromEntries(machines), { REGISTRY_TABLE: 'registry', AWS_REGION: 'eu-central-1' });
  const { handler } = await import('../../../functions/settle-execution/handler.ts');
  await handler(event, { functionName: 'settle', awsRequestId: '1' } as never);
}

beforeEach(() => {
  dynamo.reset();
  dynamo.on(UpdateCommand).resolves({});
  dynamo.on(DeleteCommand).resolves({});
  dynamo.on(GetCommand).resolves({ Item: { value: aRecord({ phase: 'awake' }) } });
});

const held = (owner: string) =>
  dynamo.on(GetCommand, { Key: { pk: 'demo', sk: 'lock#metadata' } }).resolves({ Item: { owner } });

test('nobody knows how the quorum is, and then the lock is free', async () => {
  held(execution);
  await settle();
  expect(writes()).toEqual(['UpdateCommand', 'DeleteCommand']);
});

test('where it cannot be said, the lock stays for the next call, which says it', async () => {
  held(execution);
  dynamo.on(UpdateCommand).rejectsOnce(new Error('later')).resolves({});
  await expect(settle()).rejects.toThrow('later');
  expect(writes()).toEqual(['UpdateCommand']);
  await settle();
  expect(writes()).toEqual(['UpdateCommand', 'UpdateCommand', 'DeleteCommand']);
});

test('of the lock of somebody else nothing is said', async () => {
  held('another');
  await settle();
  expect(writes()).toEqual([]);
});
