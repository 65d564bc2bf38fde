import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { z } from 'zod';
import { stepHandler } from '../../../functions/common/lambda/step.ts';
import { WARM_UP } from '../../../functions/common/lambda/warm-up.ts';
import { warmer, warmFunctions } from '../../../functions/warm-functions/warm.ts';

const context = { functionName: 'step', awsRequestId: '1' } as unknown as Context;

test('every function gets the one event that starts it and changes nothing', async () => {
  const mock = mockClient(LambdaClient);
  mock.on(InvokeCommand).resolves({ StatusCode: 202 });
  expect(await warmFunctions(new LambdaClient({}), ['arn:a', 'arn:b'])).toEqual({ warmed: 2 });
  const inputs = mock.commandCalls(InvokeCommand).map(({ args }) => args[0].input);
  expect(inputs.map(({ FunctionName, InvocationType }) => [FunctionName, InvocationType])).toEqual([
    ['arn:a', 'Event'],
    ['arn:b', 'Event'],
  ]);
  expect(inputs.map(({ Payload }) => JSON.parse((Payload as Buffer).toString()) as unknown)).toEqual([
    WARM_UP,
    WARM_UP,
  ]);
});

test('a step answers it without its input being looked at and without running', async () => {
  let runs = 0;
  const handler = stepHandler(z.object({ cluster: z.string() }), () => Promise.resolve((runs += 1)));
  expect(await handler(WARM_UP, context)).toEqual(WARM_UP);
  expect(runs).toBe(0);
  await expect(handler({ redkite: 'something else' }, context)).rejects.toMatchObject({ name: 'InvalidInput' });
});

test('a step that warms others does not fail with them', async () => {
  const mock = mockClient(LambdaClient);
  mock.on(InvokeCommand).rejects(new Error('TooManyRequestsException'));
  await warmer(new LambdaClient({}), 'a,b')();
  expect(mock.commandCalls(InvokeCommand)).toHaveLength(2);
});
