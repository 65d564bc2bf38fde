import fc from 'fast-check';
import type { BalancerState, Redirect } from '../../../../../local/load-balancer/rules/model.ts';
import {
  chooseGroup,
  findRule,
  hostOf,
  isCompatible,
  queryPairs,
  redirectLocation,
} from '../../../../../local/load-balancer/rules/rules.ts';
import { parseBalancerState } from '../../../../../local/load-balancer/rules/read-state.ts';
import { wildcard } from '../../../../../functions/common/http/wildcards.ts';

describe('wildcard', () => {
  test.each([
    ['*', '', true],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'example.com', false],
    ['/img/?.png', '/img/a.png', true],
    ['/img/?.png', '/img/ab.png', false],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxbyy', false],
    ['a+b', 'a+b', true],
    ['a.c', 'abc', false],
    ['', '', true],
    ['', 'x', false],
    ['application/grpc*', 'application/grpc+proto', true],
  ])('%j on %j: %s', (pattern, text, expected) => {
    expect(wildcard(pattern)(text)).toBe(expected);
  });

  test('escapes and letter case', () => {
    expect(wildcard('a\\*b', { backslashEscapes: true })('a*b')).toBe(true);
    expect(wildcard('a\\*b', { backslashEscapes: true })('axb')).toBe(false);
    expect(wildcard('*.EXAMPLE', { ignoreCase: true })('A.example')).toBe(true);
    expect(wildcard('/A')('/a')).toBe(false);
  });

  test('agrees with the regular expression of the same meaning', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (made, given) => {
        const regular = new RegExp(`^${made.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
        expect(wildcard(made)(given)).toBe(regular.test(given));
      }),
    );
  });

  test('a pattern made to be slow is not', () => {
    const started = performance.now();
    expect(wildcard(`${'a*'.repeat(60)}b`)('a'.repeat(5_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

const listener = 'listener';
const state = (rules: object[]): BalancerState =>
  parseBalancerState({
    revision: 1,
    LoadBalancers: [],
    Listeners: [{ ListenerArn: listener, LoadBalancerArn: 'lb', Port: 80, Protocol: 'HTTP' }],
    Rules: rules.map((rule) => ({ ListenerArn: listener, ...rule })),
    TargetGroups: [],
  });
const ACTION = { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } };
const DEFAULT = { RuleArn: 'default', Priority: 'default', Conditions: [], Actions: [ACTION] };

interface Sent {
  readonly method?: string;
  readonly authority?: string;
  readonly path?: string;
  readonly sourceIp?: string;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
}

function met(rules: object[], sent: Sent): string | undefined {
  const { method = 'GET', authority = 'demo.example', path = '/', sourceIp = '192.0.2.1', headers = {} } = sent;
  const parsed = state(rules).listeners.get(listener)?.rules ?? [];
  return findRule(parsed, { method, authority, path, sourceIp, header: (name) => headers[name] ?? [] })?.arn;
}

const field = (Field: string, config: object) => ({ Field, ...config });
const rule = (...Conditions: object[]) => ({ RuleArn: 'rule', Priority: '1', Conditions, Actions: [ACTION] });

describe('findRule', () => {
  test.each<[string, object, Sent, boolean]>([
    ['host', field('host-header', { Values: ['*.Example'] }), { authority: 'DEMO.example:4601' }, true],
    ['host by its config', field('host-header', { HostHeaderConfig: { Values: ['x', 'demo.*'] } }), {}, true],
    ['another host', field('host-header', { Values: ['other.example'] }), {}, false],
    ['IPv6 host', field('host-header', { Values: ['[[]::1]', '[::1]'] }), { authority: '[::1]:80' }, true],
    ['path', field('path-pattern', { Values: ['/v1/*'] }), { path: '/v1/x?y=/v2/' }, true],
    ['path, case matters', field('path-pattern', { Values: ['/V1/*'] }), { path: '/v1/x' }, false],
    ['path, not the query', field('path-pattern', { Values: ['*y'] }), { path: '/x?y' }, false],
    [
      'header',
      field('http-header', { HttpHeaderConfig: { HttpHeaderName: 'Content-Type', Values: ['application/GRPC*'] } }),
      { headers: { 'content-type': ['application/grpc'] } },
      true,
    ],
    [
      'the second of two values',
      field('http-header', { HttpHeaderConfig: { HttpHeaderName: 'x', Values: ['b'] } }),
      { headers: { x: ['a', 'b'] } },
      true,
    ],
    ['no such header', field('http-header', { HttpHeaderConfig: { HttpHeaderName: 'x', Values: ['*'] } }), {}, false],
    [
      'method',
      field('http-request-method', { HttpRequestMethodConfig: { Values: ['PUT', 'POST'] } }),
      { method: 'POST' },
      true,
    ],
    ['method, case matters', field('http-request-method', { Values: ['post'] }), { method: 'POST' }, false],
    [
      'query',
      field('query-string', { QueryStringConfig: { Values: [{ Key: 'Version', Value: 'v*' }] } }),
      { path: '/?a=1&version=V2' },
      true,
    ],
    [
      'query by its value alone',
      field('query-string', { QueryStringConfig: { Values: [{ Value: '*test*' }] } }),
      { path: '/?x=a-test' },
      true,
    ],
    [
      'query, another key',
      field('query-string', { QueryStringConfig: { Values: [{ Key: 'a', Value: '1' }] } }),
      { path: '/?b=1' },
      false,
    ],
    ['query without values matches nothing', field('query-string', { Values: [] }), { path: '/?a=1' }, false],
    ['source', field('source-ip', { SourceIpConfig: { Values: ['10.0.0.0/8', '192.0.2.0/24'] } }), {}, true],
    [
      'IPv6 source',
      field('source-ip', { SourceIpConfig: { Values: ['2001:db8::/32'] } }),
      { sourceIp: '2001:db8::1' },
      true,
    ],
    ['another source', field('source-ip', { Values: ['198.51.100.0/24'] }), {}, false],
    ['a field of tomorrow matches nothing', field('moon-phase', { Values: ['*'] }), {}, false],
  ])('%s', (_what, condition, sent, expected) => {
    expect(met([rule(condition), DEFAULT], sent)).toBe(expected ? 'rule' : 'default');
  });

  test('all conditions of a rule must hold', () => {
    const both = rule(field('host-header', { Values: ['demo.example'] }), field('path-pattern', { Values: ['/a'] }));
    expect(met([both, DEFAULT], { path: '/a' })).toBe('rule');
    expect(met([both, DEFAULT], { path: '/b' })).toBe('default');
  });

  test('the lowest priority number comes first, the default rule last, whatever order they arrive in', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 8 }), (priorities) => {
        const rules = priorities.map((priority) => ({
          ...rule(field('path-pattern', { Values: ['*'] })),
          RuleArn: String(priority),
          Priority: String(priority),
        }));
        expect(met([DEFAULT, ...rules], {})).toBe(String(Math.min(...priorities)));
      }),
    );
  });
});

describe('chooseGroup', () => {
  const groups = (...weights: number[]) => ({
    kind: 'forward' as const,
    groups: weights.map((weight, index) => ({ arn: String(index), weight })),
  });
  test.each([
    [[1], 0.99, '0'],
    [[75, 25], 0.74, '0'],
    [[75, 25], 0.75, '1'],
    [[0, 5], 0, '1'],
    [[5, 0], 0.999, '0'],
    [[0, 0], 0.5, undefined],
    [[], 0.5, undefined],
  ])('weights %j at %d: %s', (weights, draw, expected) => {
    expect(chooseGroup(groups(...weights), draw)).toBe(expected);
  });

  test('a group without weight is never chosen while another has some', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (made, draw) => {
        const chosen = chooseGroup(groups(...made), draw);
        if (made.every((weight) => weight === 0)) expect(chosen).toBeUndefined();
        else expect(made[Number(chosen)]).toBeGreaterThan(0);
      }),
    );
  });
});

test.each([
  ['HTTP1', false, 'GET', '', true],
  ['HTTP1', true, 'GET', '', true],
  ['HTTP1', true, 'POST', 'application/grpc', false],
  ['HTTP2', false, 'GET', '', false],
  ['HTTP2', true, 'GET', '', true],
  ['GRPC', false, 'POST', 'application/grpc', false],
  ['GRPC', true, 'POST', 'application/grpc+proto', true],
  ['GRPC', true, 'GET', 'application/grpc', false],
] as const)('%s group, HTTP/2 %s, %s, %j: %s', (version, http2, method, contentType, expected) => {
  expect(isCompatible(version, { http2, method, contentType })).toBe(expected);
});

test.each([
  ['Demo.Example:4601', 'demo.example'],
  ['[::1]:80', '[::1]'],
  ['[::1]', '[::1]'],
  ['', ''],
])('host of %j is %j', (authority, host) => {
  expect(hostOf(authority)).toBe(host);
});

test('query pairs are not decoded', () => {
  expect(queryPairs('a=1&&b&c=%20=x')).toEqual([
    ['a', '1'],
    ['b', ''],
    ['c', '%20=x'],
  ]);
});

test.each([
  [{ protocol: 'HTTPS', port: '443' }, 'https://demo.example:443/a/b?c=d'],
  [{ path: '/new/#{path}', query: '' }, 'http://demo.example:80/new/a/b'],
  [{ host: 'www.#{host}', query: 'q=#{query}&x' }, 'http://www.demo.example:80/a/b?q=c=d&x'],
  [{ path: '/#{nothing}' }, 'http://demo.example:80/#{nothing}?c=d'],
])('redirect %j to %s', (changes, location) => {
  const redirect: Redirect = {
    kind: 'redirect',
    status: 302,
    protocol: '#{protocol}',
    host: '#{host}',
    port: '#{port}',
    path: '/#{path}',
    query: '#{query}',
    ...changes,
  };
  const request = { secure: false, authority: 'Demo.example:4601', path: '/a/b?c=d', port: 80 };
  expect(redirectLocation(redirect, request)).toBe(location);
});
