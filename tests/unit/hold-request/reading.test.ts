/** What is read of a request before anything is decided: nobody can make it throw. */
import fc from 'fast-check';
import { clusterLabel, hostOf } from '../../../functions/hold-request/host.ts';
import { grpcTimeoutMs } from '../../../functions/hold-request/grpc-timeout.ts';
import { arrivalMs, headerOf, readRequest } from '../../../functions/hold-request/request.ts';

const GROUPS = 'arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/redkite-dev-hold/';
const event = (changes: object = {}) => ({
  requestContext: { elb: { targetGroupArn: `${GROUPS}0123456789abcdef` } },
  httpMethod: 'POST',
  path: '/v1/vector/search',
  multiValueQueryStringParameters: { a: ['1', '%202'], b: [''] },
  multiValueHeaders: { host: ['demo.example.com'], 'Content-Type': ['application/json'] },
  body: '{}',
  isBase64Encoded: false,
  ...changes,
});

describe('the host name', () => {
  test.each([
    ['demo.example.com', 'demo.example.com', 'demo'],
    ['Demo.Example.COM:443', 'demo.example.com', 'demo'],
    ['demo.example.com.', 'demo.example.com', 'demo'],
    ['demo.example.com.:8080', 'demo.example.com', 'demo'],
    ['demo.', 'demo', undefined],
    ['demo', 'demo', undefined],
    ['127.0.0.1:4602', '127.0.0.1', undefined],
    ['demo.my_vpc.example.com', 'demo.my_vpc.example.com', 'demo'],
    ['my_app.example.com', 'my_app.example.com', undefined],
    ['_demo.example_', '_demo.example_', undefined],
    ['my-cluster-.example.com', 'my-cluster-.example.com', undefined],
    [`${'a'.repeat(33)}.example.com`, `${'a'.repeat(33)}.example.com`, undefined],
    ['[::1]:80', undefined, undefined],
    ['', undefined, undefined],
    [undefined, undefined, undefined],
    ['demo example.com', undefined, undefined],
    ['demo.example.com/../x', undefined, undefined],
    ['demo.example.com\r\nx: y', undefined, undefined],
    ['host#other', undefined, undefined],
    ['a'.repeat(254), undefined, undefined],
  ])('%j is %j, of cluster %j', (header, host, label) => {
    expect(hostOf(header)).toBe(host);
    if (host !== undefined) expect(clusterLabel(host)).toBe(label);
  });

  test('no header makes it throw, and no host has anything but letters, digits, dots, hyphens and underscores', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        const host = hostOf(header);
        expect(host ?? 'a').toMatch(/^[a-z0-9_.-]+$/);
        if (host !== undefined) clusterLabel(host);
      }),
    );
  });
});

test.each([
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['15S', 15_000],
  ['14987m', 14_987],
  ['1500u', 1.5],
  ['5000000n', 5],
  ['0S', 0],
  ['99999999H', 99_999_999 * 3_600_000],
  ['100000000S', undefined],
  ['15', undefined],
  ['S', undefined],
  ['-1S', undefined],
  ['1.5S', undefined],
  ['15s', undefined],
  [' 15S', undefined],
  ['', undefined],
  [undefined, undefined],
])('grpc-timeout %j is %j ms', (header, milliseconds) => {
  const read = grpcTimeoutMs(header);
  if (milliseconds === undefined) expect(read).toBeUndefined();
  else expect(read).toBeCloseTo(milliseconds, 6);
});

describe('the event', () => {
  test('path and query as they were sent, headers in lower case', () => {
    const read = readRequest(event(), GROUPS);
    expect(read).toEqual({
      request: {
        method: 'POST',
        target: '/v1/vector/search?a=1&a=%202&b=',
        path: '/v1/vector/search',
        headers: [
          ['host', 'demo.example.com'],
          ['content-type', 'application/json'],
        ],
        body: '{}',
        isBase64Encoded: false,
      },
    });
    if ('request' in read) expect(headerOf(read.request, 'content-type')).toBe('application/json');
  });

  test.each([
    ['nothing', undefined],
    ['a text', 'event'],
    ['of API Gateway', { version: '2.0', rawPath: '/', requestContext: { http: {} } }],
    ['without a target group', event({ requestContext: { elb: {} } })],
    [
      'of another target group',
      event({ requestContext: { elb: { targetGroupArn: `${GROUPS.replace('dev', 'x')}1` } } }),
    ],
    ['with single-value headers', event({ multiValueHeaders: { host: 'demo.example.com' } })],
    ['with a line break in the path', event({ path: '/a\r\nHost: b' })],
    ['with a line break in the query', event({ multiValueQueryStringParameters: { 'a\n': ['b'] } })],
    ['with a space in the path', event({ path: '/a b' })],
    ['with a method that is none', event({ httpMethod: 'GET / HTTP/1.1' })],
    ['with a path that is none', event({ path: 'http://other/' })],
  ])('%s is refused', (_what, value) => {
    expect(readRequest(value, GROUPS)).toEqual({ refused: expect.any(String) as string });
  });

  test('nothing makes it throw', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }), (value) => {
        readRequest(value, GROUPS);
      }),
    );
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.dictionary(fc.string(), fc.array(fc.string())),
        (path, method, lists) => {
          const read = readRequest(
            event({ path, httpMethod: method, multiValueHeaders: lists, multiValueQueryStringParameters: lists }),
            GROUPS,
          );
          if ('request' in read) expect(read.request.target).toMatch(/^\/[\x21-\x7e]*$/);
        },
      ),
    );
  });
});

describe('when it arrived', () => {
  const now = Date.UTC(2026, 0, 1);
  const id = (ms: number) => `1-${Math.floor(ms / 1_000).toString(16)}-0123456789abcdef01234567`;
  test.each([
    ['no id', undefined, now],
    ['ours', `Root=${id(now - 3_000)}`, now - 3_000],
    ['ours before the client’s', `Self=${id(now - 2_000)};Root=${id(now - 50_000)}`, now - 2_000],
    ['one from the future', `Root=${id(now + 5_000)}`, now],
    ['an old one', `Root=${id(now - 120_000)}`, now],
    ['nonsense', 'Root=1-zzzzzzzz-', now],
  ])('%s', (_what, header, expected) => {
    expect(arrivalMs(header, now)).toBe(expected);
  });
});
