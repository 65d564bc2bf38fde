/** The two calls that hold-request makes of AWS beside the registry: every end of them is a value. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { callRelay } from '../../../functions/hold-request/call-relay.ts';
import { startWake } from '../../../functions/hold-request/start-wake.ts';

const sfn = mockClient(SFNClient);
const lambda = mockClient(LambdaClient);
const named = (name: string) => Object.assign(new Error(name), { name });
const region = 'eu-central-1';

beforeEach(() => {
  sfn.reset();
  lambda.reset();
});

describe('starting a wake', () => {
  const deps = { sfn: new SFNClient({ region }), wakeMachineArn: 'arn:aws:states:stateMachine:wake' };
  const start = () => startWake(deps, { cluster: 'demo', generation: 4 }, 'a call');

  test('everybody asks for the same execution with the same input', async () => {
    sfn.on(StartExecutionCommand).resolves({});
    expect(await start()).toBe('asked');
    expect(sfn.commandCalls(StartExecutionCommand)[0]?.args[0].input).toEqual({
      stateMachineArn: 'arn:aws:states:stateMachine:wake',
      name: 'demo-wake-5',
      input: '{"cluster":"demo","generation":5}',
    });
  });

  test.each([
    ['ThrottlingException', 'not-now'],
    ['TimeoutError', 'not-now'],
    ['AccessDeniedException', 'not-now'],
    ['StateMachineDoesNotExist', 'not-now'],
  ])('%s: %s', async (error, outcome) => {
    sfn.on(StartExecutionCommand).rejects(named(error));
    expect(await start()).toBe(outcome);
  });

  test.each([
    ['RUNNING', 'asked'],
    ['SUCCEEDED', 'ended'],
    ['FAILED', 'ended'],
    ['ABORTED', 'ended'],
  ] as const)(
    'an execution of this name, which was started with other spaces in its input, is %s: %s',
    async (status, outcome) => {
      sfn.on(StartExecutionCommand).rejects(named('ExecutionAlreadyExists'));
      sfn
        .on(DescribeExecutionCommand, { executionArn: 'arn:aws:states:execution:wake:demo-wake-5' })
        .resolves({ status });
      expect(await start()).toBe(outcome);
    },
  );

  test('one that cannot be looked at may be running', async () => {
    sfn.on(StartExecutionCommand).rejects(named('ExecutionAlreadyExists'));
    sfn.on(DescribeExecutionCommand).rejects(named('ThrottlingException'));
    expect(await start()).toBe('not-now');
  });
});

describe('calling the relay', () => {
  const request = { cluster: 'demo', method: 'GET', target: '/', headers: [], body: '', isBase64Encoded: false };
  const call = () => callRelay({ lambda: new LambdaClient({ region }), functionName: 'relay' }, request);
  const answers = (value: unknown, FunctionError?: string) =>
    lambda.on(InvokeCommand).resolves({
      Payload: Buffer.from(JSON.stringify(value)) as never,
      ...(FunctionError === undefined ? {} : { FunctionError }),
    });

  test('what it gives is passed on', async () => {
    answers({ kind: 'too-large' });
    expect(await call()).toEqual({ kind: 'too-large' });
  });

  test.each([
    ['a function that failed', () => answers({ errorMessage: 'x' }, 'Unhandled'), 'broken'],
    ['an answer of another form', () => answers({ kind: 'else' }), 'broken'],
    ['no answer in time', () => lambda.on(InvokeCommand).rejects(named('TimeoutError')), 'broken'],
    ['too many at once', () => lambda.on(InvokeCommand).rejects(named('TooManyRequestsException')), 'unreachable'],
  ])('%s: %s', async (_what, prepare, kind) => {
    prepare();
    expect((await call()).kind).toBe(kind);
  });
});
