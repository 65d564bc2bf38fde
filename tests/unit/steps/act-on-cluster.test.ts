import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { actOnCluster } from '../../../functions/act-on-cluster/act.ts';
import { awsError } from '../../fixtures/aws-errors.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const sfn = mockClient(SFNClient);
const deps = {
  registry: { client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })), table: 'registry' },
  sfn: new SFNClient({ region: 'eu-central-1' }),
  machines: { sleep: 'arn:sleep', wake: 'arn:wake' },
};
const sleep = { cluster: 'demo', action: 'sleep', now: NOW } as const;

beforeEach(() => {
  dynamo.reset();
  sfn.reset();
  dynamo.on(GetCommand).resolves({ Item: { value: aRecord({ phase: 'awake', generation: 3 }) } });
  sfn.on(StartExecutionCommand).resolves({});
});

test('the execution that will own the cluster is started', async () => {
  expect(await actOnCluster(deps, sleep)).toMatchObject({ status: 202, operation: 'demo-sleep-4' });
});

test('one that cannot be started now is to be asked for again', async () => {
  sfn.on(StartExecutionCommand).rejects(awsError('ThrottlingException', 400));
  await expect(actOnCluster(deps, sleep)).rejects.toMatchObject({ code: 'unavailable' });
});

test('one that may not be started is a failure', async () => {
  const denied = awsError('AccessDeniedException', 400);
  sfn.on(StartExecutionCommand).rejects(denied);
  await expect(actOnCluster(deps, sleep)).rejects.toBe(denied);
});
