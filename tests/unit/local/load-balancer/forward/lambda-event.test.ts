import fc from 'fast-check';
import { MOST_BODY_BYTES, lambdaAnswer, lambdaEvent } from '../../../../../local/load-balancer/forward/lambda-event.ts';

const request = {
  targetGroupArn: 'group',
  method: 'POST',
  path: '/p?a=1&a=2',
  authority: 'demo.example',
  headers: ['Content-Type', 'application/json', 'X-A', '1', 'x-a', '2', 'Host', 'other'],
  body: Buffer.from('{}'),
  multiValueHeaders: false,
};

test('of several values the last stays, unless lists are asked for', () => {
  expect(lambdaEvent(request)).toEqual({
    requestContext: { elb: { targetGroupArn: 'group' } },
    httpMethod: 'POST',
    path: '/p',
    queryStringParameters: { a: '2' },
    headers: { host: 'demo.example', 'content-type': 'application/json', 'x-a': '2' },
    body: '{}',
    isBase64Encoded: false,
  });
  expect(lambdaEvent({ ...request, multiValueHeaders: true })).toMatchObject({
    multiValueQueryStringParameters: { a: ['1', '2'] },
    multiValueHeaders: { host: ['demo.example'], 'x-a': ['1', '2'] },
  });
});

test.each([
  ['text/plain', undefined, false],
  ['TEXT/HTML; charset=utf-8', undefined, false],
  ['application/json', undefined, false],
  ['application/javascript', undefined, false],
  ['application/xml', undefined, false],
  ['application/grpc', undefined, true],
  ['application/jsonlines', undefined, true],
  ['text/plain', 'gzip', true],
  [undefined, undefined, true],
])('body of type %s, encoding %s: base64 %s', (type, encoding, base64) => {
  const headers = [...(type ? ['Content-Type', type] : []), ...(encoding ? ['Content-Encoding', encoding] : [])];
  expect(lambdaEvent({ ...request, headers })).toMatchObject({
    isBase64Encoded: base64,
    body: base64 ? Buffer.from('{}').toString('base64') : '{}',
  });
});

test('no body is no base64', () => {
  expect(lambdaEvent({ ...request, headers: [], body: Buffer.alloc(0) })).toMatchObject({
    body: '',
    isBase64Encoded: false,
  });
});

const payload = (value: unknown) => Buffer.from(JSON.stringify(value));

test.each<[string, unknown]>([
  ['nothing', null],
  ['a text', 'x'],
  ['no status', {}],
  ['a status below 200', { statusCode: 101 }],
  ['a broken status', { statusCode: 200.5 }],
  ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
  ['a header with a line break', { statusCode: 200, headers: { a: 'b\nc' } }],
  ['a header name with a space', { statusCode: 200, headers: { 'a b': 'c' } }],
  ['too much', { statusCode: 200, body: 'x'.repeat(MOST_BODY_BYTES) }],
])('%s is malformed', (_what, value) => {
  expect(lambdaAnswer(payload(value), false)).toBeUndefined();
});

test('the status may be a text, and headers may be numbers', () => {
  expect(
    lambdaAnswer(payload({ statusCode: '204', headers: { 'Retry-After': 5, 'Content-Length': 9 } }), false),
  ).toEqual({
    status: 204,
    headers: ['Retry-After', '5'],
    body: Buffer.alloc(0),
  });
});

test('each form of headers counts only where the group asks for it', () => {
  const both = payload({ statusCode: 200, headers: { a: '1' }, multiValueHeaders: { b: ['2', '3'] } });
  expect(lambdaAnswer(both, false)?.headers).toEqual(['a', '1']);
  expect(lambdaAnswer(both, true)?.headers).toEqual(['b', '2', 'b', '3']);
});

test('any bytes come through base64, and no payload makes it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const body = Buffer.from(bytes).toString('base64');
      expect(lambdaAnswer(payload({ statusCode: 200, body, isBase64Encoded: true }), false)?.body).toEqual(
        Buffer.from(bytes),
      );
      lambdaAnswer(bytes, true);
    }),
  );
});
