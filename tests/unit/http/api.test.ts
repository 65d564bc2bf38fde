/** What the API answers when something is thrown: what passes by itself is a 503 to try again, all else unexpected a 500. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { apiHandler } from '../../../functions/common/http/api.ts';
import { API_CLIENT } from '../../../functions/common/http/clients.ts';
import { Problem } from '../../../functions/common/http/problem.ts';
import { logger } from '../../../functions/common/lambda/logger.ts';
import { getCluster } from '../../../functions/common/registry/registry.ts';
import { awsError } from '../../fixtures/aws-errors.ts';

async function answered(run: () => Promise<never>) {
  const context = { functionName: 'test', awsRequestId: '1' };
  const { statusCode, headers, body } = await apiHandler(run)({} as never, context as never);
  return { status: statusCode, headers, body: JSON.parse(body ?? '') as unknown };
}
const thrown = (error: Error) => answered(() => Promise.reject(error));

/** What alarms and people look for in the log. */
let failures: unknown[][];
const logged = logger.error.bind(logger);
beforeEach(() => {
  failures = [];
  logger.error = (...entry) => {
    failures.push(entry);
  };
});
afterEach(() => {
  logger.error = logged;
});

const TRY_AGAIN = {
  status: 503,
  headers: { 'content-type': 'application/problem+json', 'retry-after': '5' },
  body: {
    type: 'urn:redkite:problem:unavailable',
    title: 'Redkite cannot do this right now',
    status: 503,
    code: 'unavailable',
    detail: 'AWS did not answer, or asked to be asked later. Send the same request again in a few seconds.',
  },
};

test.each([
  ['throttled', awsError('ThrottlingException', 400)],
  ['throttled by DynamoDB', awsError('ProvisionedThroughputExceededException', 400)],
  ['unavailable', awsError('ServiceUnavailable', 503)],
  ['failing', awsError('InternalServerError', 500)],
  ['silent', awsError('TimeoutError')],
])('AWS that is %s: 503, to be tried again', async (_, error) => {
  expect(await thrown(error)).toEqual(TRY_AGAIN);
  // An alarm counts it, so the log has why.
  expect(failures).toEqual([['request failed', { event: 'request.failed', code: 'unavailable', error }]]);
});

test('AWS that never answers is silent before the gateway is', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { requestHandler } = API_CLIENT;
  const client = new DynamoDBClient({
    ...API_CLIENT,
    requestHandler: { ...requestHandler, requestTimeout: 50 },
    endpoint: `http://127.0.0.1:${String((silent.address() as AddressInfo).port)}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const registry = { client: DynamoDBDocumentClient.from(client), table: 'registry' };
  try {
    expect(
      await answered(async () => {
        await getCluster(registry, 'demo');
        throw new Error('it was answered');
      }),
    ).toEqual(TRY_AGAIN);
  } finally {
    client.destroy();
    silent.closeAllConnections();
    silent.close();
  }
  // API Gateway waits for 29 s, and DynamoDB's client is the one that asks most often.
  expect((await client.config.maxAttempts()) * requestHandler.requestTimeout).toBeLessThan(25_000);
});

test.each([
  ['what is not allowed', awsError('AccessDeniedException', 400)],
  ['a table that is not there', awsError('ResourceNotFoundException', 400)],
  ['a bug', new TypeError('x is undefined')],
])('%s: 500', async (_, error) => {
  const { status, headers, body } = await thrown(error);
  expect({ status, headers }).toEqual({ status: 500, headers: { 'content-type': 'application/problem+json' } });
  expect(body).toMatchObject({ code: 'internal', status: 500 });
  expect(failures).toHaveLength(1);
});

test('a refusal is not tried again, and is no failure', async () => {
  const { status, headers } = await thrown(new Problem('conflict', 'Somebody was faster.'));
  expect({ status, headers }).toEqual({ status: 409, headers: { 'content-type': 'application/problem+json' } });
  expect(failures).toEqual([]);
});

test('what a function itself says of AWS has the same header, and its cause in the log', async () => {
  const cause = awsError('ThrottlingException', 400);
  const error = new Problem('unavailable', 'Recorded, but not started. Send the same request again.', [], { cause });
  expect(await thrown(error)).toMatchObject({
    ...{ status: 503, headers: { 'retry-after': '5' } },
    body: { detail: 'Recorded, but not started. Send the same request again.' },
  });
  expect(failures).toEqual([['request failed', { event: 'request.failed', code: 'unavailable', error }]]);
});
