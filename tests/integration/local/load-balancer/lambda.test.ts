import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { forwardTo, groupArn, stateOf } from './elbv2-state.ts';
import { fixture, get, signal, sumOf, type Setup } from './fixture.ts';

const FUNCTION = 'arn:aws:lambda:eu-central-1:000000000000:function:wake';
const { serve } = fixture();

const answering =
  (payload: unknown, failed = false) =>
  () =>
    Promise.resolve({ payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)), failed });

function behind(
  invoke: (event: Record<string, unknown>, signal: AbortSignal) => Promise<{ payload: Buffer; failed: boolean }>,
  fields: object = {},
  idleTimeoutSeconds = 60,
): Promise<Setup> {
  const group = { name: 'wake', TargetType: 'lambda', targets: [{ Id: FUNCTION }], ...fields };
  return serve(stateOf({ groups: [group], action: forwardTo('wake'), idleTimeoutSeconds }), { invoke });
}

test('the event of a request, and the function’s answer', async () => {
  const { http, invocations } = await behind(
    answering({ statusCode: 202, headers: { 'Content-Type': 'text/plain', 'X-Own': 1 }, body: 'waking' }),
  );
  const answer = await get(http(), '/v1/vector?a=1&a=2&b=%20', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Host: 'demo.example' },
    body: '{"x":"ü"}',
  });
  expect(answer).toMatchObject({ status: 202, body: 'waking' });
  expect(answer.headers).toMatchObject({ 'content-type': 'text/plain', 'x-own': '1', server: 'awselb/2.0' });
  expect(invocations[0]).toMatchObject({
    requestContext: { elb: { targetGroupArn: groupArn('wake') } },
    httpMethod: 'POST',
    path: '/v1/vector',
    queryStringParameters: { a: '2', b: '%20' },
    headers: { host: 'demo.example', 'content-type': 'application/json', 'x-forwarded-proto': 'http' },
    body: '{"x":"ü"}',
    isBase64Encoded: false,
  });
});

test('lists of values where the group asks for them; binary bodies in base64 both ways', async () => {
  const { http, invocations } = await behind(
    answering({
      statusCode: 200,
      multiValueHeaders: { 'set-cookie': ['a=1', 'b=2'] },
      body: Buffer.from([0, 255]).toString('base64'),
      isBase64Encoded: true,
    }),
    { Attributes: [{ Key: 'lambda.multi_value_headers.enabled', Value: 'true' }] },
  );
  const answer = await get(http(), '/?a=1&a=2', { method: 'POST', body: Buffer.from([1, 254]) });
  expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
  expect(answer.headers['content-length']).toBe('2');
  expect(invocations[0]).toMatchObject({
    multiValueQueryStringParameters: { a: ['1', '2'] },
    body: Buffer.from([1, 254]).toString('base64'),
    isBase64Encoded: true,
  });
});

test.each([
  ['a function that failed', answering({ errorMessage: 'x' }, true)],
  ['no JSON', answering('nonsense')],
  ['no status', answering({ body: 'x' })],
  ['a status that is none', answering({ statusCode: 99 })],
  ['a header that would start another', answering({ statusCode: 200, headers: { a: 'b\r\nc: d' } })],
  ['an answer above 1 MB', answering({ statusCode: 200, body: 'x'.repeat(1024 * 1024) })],
  ['a Lambda API that refuses', () => Promise.reject(new Error('TooManyRequestsException'))],
])('%s: 502', async (_what, invoke) => {
  const { http, balancer, metrics } = await behind(invoke);
  expect((await get(http())).status).toBe(502);
  await balancer.stop();
  expect(sumOf(metrics, 'HTTPCode_ELB_502_Count')).toBe(1);
});

test('a request body of 1 MB passes, one byte more is 413', async () => {
  const { http } = await behind(answering({ statusCode: 200 }));
  expect((await get(http(), '/', { method: 'POST', body: 'x'.repeat(1024 * 1024) })).status).toBe(200);
  expect((await get(http(), '/', { method: 'POST', body: 'x'.repeat(1024 * 1024 + 1) })).status).toBe(413);
});

test('a function slower than the idle timeout: 504, and it is told', async () => {
  const told = signal();
  const { http } = await behind(
    (_event, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          told.tell();
          reject(new Error('aborted'));
        });
      }),
    {},
    0.2,
  );
  expect((await get(http())).status).toBe(504);
  await told.told;
});

test('a gRPC request gets the function’s answer as plain HTTP/2', async () => {
  const { https, invocations } = await behind(
    answering({ statusCode: 503, headers: { 'content-type': 'text/plain' }, body: 'waking' }),
  );
  const session = connectHttp2(`https://127.0.0.1:${https()}`, { rejectUnauthorized: false });
  const stream = session.request({
    ':method': 'POST',
    ':path': '/milvus.proto.milvus.MilvusService/Search',
    'content-type': 'application/grpc',
    'grpc-timeout': '15S',
    te: 'trailers',
  });
  stream.end(Buffer.alloc(5));
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  expect(headers).toMatchObject({ ':status': 503, 'content-type': 'text/plain' });
  expect(invocations[0]).toMatchObject({ isBase64Encoded: true, headers: { 'grpc-timeout': '15S' } });
  session.destroy();
});

test('a function’s own date and server, over HTTP/2 too', async () => {
  const date = 'Thu, 01 Jan 2026 00:00:00 GMT';
  const { https } = await behind(answering({ statusCode: 200, headers: { Date: date, Server: 'own' }, body: 'x' }));
  const session = connectHttp2(`https://127.0.0.1:${https()}`, { rejectUnauthorized: false });
  const [headers] = (await once(session.request({ ':path': '/' }), 'response')) as [Record<string, unknown>];
  session.destroy();
  expect(headers).toMatchObject({ ':status': 200, date, server: 'own' });
});

test('Lambda targets are healthy without checks', async () => {
  const { emulator } = await behind(answering({ statusCode: 200 }));
  expect(await emulator.reported('wake', FUNCTION, 'unavailable')).toMatchObject({
    reason: 'Target.HealthCheckDisabled',
  });
});
