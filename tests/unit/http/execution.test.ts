import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { kindOfExecution, requestKey, requestName, startAndFollow } from '../../../functions/common/http/execution.ts';
import { awsError } from '../../fixtures/aws-errors.ts';

const sfn = mockClient(SFNClient);
const executions = {
  sfn: new SFNClient({ region: 'eu-central-1' }),
  machines: ['arn:aws:states:r:1:stateMachine:redkite-dev-examine-archives'],
};
let time = 0;
const clock = {
  now: () => time,
  sleep: (milliseconds: number) => {
    time += milliseconds;
    return Promise.resolve();
  },
};
const request = { cluster: 'demo', kind: 'verify', key: '0123456789abcdef', input: { cluster: 'demo' } } as const;
const named = (name: string) => Object.assign(new Error(name), { name });

beforeEach(() => {
  time = 0;
  sfn.reset();
  sfn.on(StartExecutionCommand).resolves({});
});

test('what ends soon is answered with its result', async () => {
  sfn
    .on(DescribeExecutionCommand)
    .resolvesOnce({ status: 'RUNNING' })
    .resolves({ status: 'SUCCEEDED', output: '{"keys":3}' });
  const answer = await startAndFollow(executions, request, { waitMs: 20_000, clock });
  expect(answer).toMatchObject({
    status: 200,
    body: { kind: 'verify', status: 'SUCCEEDED', result: { keys: 3 } },
    headers: { location: '/clusters/demo/executions/demo-verify-0123456789abcdef' },
  });
  expect(sfn.commandCalls(DescribeExecutionCommand)[0]?.args[0].input.executionArn).toBe(
    'arn:aws:states:r:1:execution:redkite-dev-examine-archives:demo-verify-0123456789abcdef',
  );
});

test('what takes longer is answered with where to look', async () => {
  sfn.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
  const answer = await startAndFollow(executions, request, { waitMs: 20_000, clock });
  expect(answer).toMatchObject({ status: 202, body: { status: 'RUNNING' }, headers: { 'retry-after': '5' } });
  expect(time).toBeLessThan(20_000);
});

test('the same request twice starts one execution', async () => {
  sfn.on(StartExecutionCommand).rejects(named('ExecutionAlreadyExists'));
  sfn.on(DescribeExecutionCommand).resolves({ status: 'SUCCEEDED', output: '{}' });
  expect((await startAndFollow(executions, request, { waitMs: 0, clock })).status).toBe(200);
});

test('a failure says its error and its message, not a stack', async () => {
  sfn.on(DescribeExecutionCommand).resolves({
    status: 'FAILED',
    error: 'ArchiveUnusable',
    cause: JSON.stringify({ errorType: 'ArchiveUnusable', errorMessage: 'Part 1 is missing.', trace: ['at x'] }),
  });
  expect((await startAndFollow(executions, request, { waitMs: 0, clock })).body).toMatchObject({
    error: 'ArchiveUnusable',
    cause: 'Part 1 is missing.',
  });
});

test('an execution that cannot be started now is a 503, and one that may not be started is a failure', async () => {
  sfn.on(StartExecutionCommand).rejects(awsError('ServiceUnavailable', 503));
  await expect(startAndFollow(executions, request, { waitMs: 0, clock })).rejects.toMatchObject({
    code: 'unavailable',
  });
  const denied = awsError('AccessDeniedException', 400);
  sfn.on(StartExecutionCommand).rejects(denied);
  await expect(startAndFollow(executions, request, { waitMs: 0, clock })).rejects.toBe(denied);
});

test('one that was started but cannot be looked at is answered with where to look, not with another start', async () => {
  sfn.on(DescribeExecutionCommand).rejects(awsError('ThrottlingException', 400));
  const answer = await startAndFollow(executions, request, { waitMs: 0, clock });
  expect(answer).toMatchObject({
    status: 202,
    body: { name: 'demo-verify-0123456789abcdef', status: 'RUNNING' },
    headers: { location: '/clusters/demo/executions/demo-verify-0123456789abcdef' },
  });
  const denied = awsError('AccessDeniedException', 400);
  sfn.on(DescribeExecutionCommand).rejects(denied);
  await expect(startAndFollow(executions, request, { waitMs: 0, clock })).rejects.toBe(denied);
});

test('keys: one a minute, or one for the key of the caller', () => {
  const at = (text: string) => new Date(`2026-01-01T12:${text}Z`);
  const subject = { archive: 'a' };
  expect(requestKey(subject, at('00:01'))).toBe(requestKey(subject, at('00:59')));
  expect(requestKey(subject, at('00:01'))).not.toBe(requestKey(subject, at('01:00')));
  expect(requestKey(subject, at('00:01'), 'k')).toBe(requestKey(subject, at('09:00'), 'k'));
  expect(requestKey(subject, at('00:01'), 'k')).not.toBe(requestKey({ archive: 'b' }, at('00:01'), 'k'));
});

test.each([
  ['demo', 'compare', 'demo'],
  ['a-restore', 'plan', 'a-restore'],
  ['x'.repeat(32), 'restore', 'x'.repeat(32)],
] as const)('names of %s are found again, by their cluster only', (cluster, kind, owner) => {
  const name = requestName(cluster, kind, '0123456789abcdef');
  expect(name.length).toBeLessThanOrEqual(80);
  expect(kindOfExecution(owner, name)).toBe(kind);
  expect(kindOfExecution('other', name)).toBeUndefined();
  expect(kindOfExecution(owner, `${cluster}-create-1`)).toBeUndefined();
});
