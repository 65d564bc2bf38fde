import fc from 'fast-check';
import {
  endToEnd,
  headerValues,
  newTraceId,
  requestHeaders,
  traceHeader,
} from '../../../../../local/load-balancer/listen/headers.ts';

test('what belongs to one connection stays there, also what the Connection header names', () => {
  const sent = ['Host', 'h', 'Connection', 'close, X-Own', 'X-Own', '1', 'TE', 'trailers', 'X-Two', 'a', 'x-two', 'b'];
  expect(endToEnd([':method', 'GET', ...sent])).toEqual(['Host', 'h', 'X-Two', 'a', 'x-two', 'b']);
});

test('end to end nothing else is lost, joined or reordered', () => {
  const name = fc.string({ unit: fc.constantFrom('x', 'y', '-'), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string())), (pairs) => {
      expect(endToEnd(pairs.flat())).toEqual(pairs.flat());
    }),
  );
});

const ID = '1-67891233-abcdef012345678912345678';
test.each([
  [undefined, `Root=${ID}`],
  ['', `Root=${ID}`],
  ['Root=1-a-b', `Self=${ID};Root=1-a-b`],
  ['Root=1-a-b;Sampled=1', `Self=${ID};Root=1-a-b;Sampled=1`],
  ['Self=1-x-y;Root=1-a-b', `Self=${ID};Root=1-a-b`],
  ['Parent=p', `Root=${ID};Parent=p`],
])('trace header %j becomes %s', (sent, expected) => {
  expect(traceHeader(sent, ID)).toBe(expected);
});

test('a trace id has seconds and 24 digits', () => {
  expect(newTraceId(0x67891233 * 1_000 + 999, 'abcdef012345678912345678')).toBe(ID);
});

test('the client cannot pretend a protocol or port, but who came before it is kept', () => {
  const sent = [
    'X-Forwarded-For',
    '192.0.2.1',
    'x-forwarded-proto',
    'https',
    'X-Forwarded-Port',
    '1',
    'Expect',
    '100-continue',
  ];
  const headers = requestHeaders(sent, { sourceIp: '192.0.2.9', secure: false, port: 80, traceId: ID });
  expect(headerValues(headers, 'x-forwarded-for')).toEqual(['192.0.2.1, 192.0.2.9']);
  expect(headerValues(headers, 'x-forwarded-proto')).toEqual(['http']);
  expect(headerValues(headers, 'x-forwarded-port')).toEqual(['80']);
  expect(headerValues(headers, 'expect')).toEqual([]);
});
