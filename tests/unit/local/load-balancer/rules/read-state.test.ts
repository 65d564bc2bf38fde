import { parseBalancerState } from '../../../../../local/load-balancer/rules/read-state.ts';

const GROUP = {
  TargetGroupArn: 'group',
  TargetType: 'ip',
  Protocol: 'HTTP',
  Port: 19530,
  Targets: [{ Id: '10.0.0.1' }],
};
const rules = (...actions: object[]) => [
  { RuleArn: 'rule', ListenerArn: 'listener', Priority: 'default', Conditions: [], Actions: actions },
];
const state = (changes: object = {}) =>
  parseBalancerState({
    revision: 4,
    LoadBalancers: [{ LoadBalancerArn: 'lb', Attributes: [{ Key: 'idle_timeout.timeout_seconds', Value: '300' }] }],
    Listeners: [{ ListenerArn: 'listener', LoadBalancerArn: 'lb', Port: '443', Protocol: 'HTTPS' }],
    Rules: rules({ Type: 'forward', TargetGroupArn: 'group' }),
    TargetGroups: [GROUP],
    ...changes,
  });

test('a listener with its idle timeout and its default action', () => {
  const { listeners, remarks } = state();
  expect(listeners.get('listener')).toMatchObject({ port: 443, protocol: 'HTTPS', idleTimeoutMs: 300_000 });
  expect(listeners.get('listener')?.rules[0]?.action).toEqual({
    kind: 'forward',
    groups: [{ arn: 'group', weight: 1 }],
  });
  expect(remarks).toEqual([]);
});

test('a target group takes the defaults of AWS', () => {
  expect(state().targetGroups.get('group')).toEqual({
    arn: 'group',
    type: 'ip',
    protocol: 'HTTP',
    version: 'HTTP1',
    used: true,
    deregistrationDelayMs: 300_000,
    multiValueHeaders: false,
    targets: [{ id: '10.0.0.1', port: 19530 }],
    healthCheck: {
      enabled: true,
      protocol: 'HTTP',
      version: 'HTTP1',
      port: undefined,
      path: '/',
      intervalMs: 30_000,
      timeoutMs: 5_000,
      healthyThreshold: 5,
      unhealthyThreshold: 2,
      matcher: '200',
    },
  });
});

test('a gRPC group has its own check by default', () => {
  const { targetGroups } = state({ TargetGroups: [{ ...GROUP, ProtocolVersion: 'GRPC' }] });
  expect(targetGroups.get('group')?.healthCheck).toMatchObject({
    path: '/AWS.ALB/healthcheck',
    matcher: '12',
    version: 'GRPC',
  });
});

test('settings and attributes are read', () => {
  const { targetGroups } = state({
    TargetGroups: [
      {
        ...GROUP,
        HealthCheckPort: '9091',
        HealthCheckPath: '/healthz',
        HealthCheckIntervalSeconds: 5,
        HealthCheckTimeoutSeconds: 2,
        HealthyThresholdCount: 2,
        UnhealthyThresholdCount: 3,
        Matcher: { HttpCode: '200-299' },
        Attributes: [
          { Key: 'deregistration_delay.timeout_seconds', Value: '5' },
          { Key: 'lambda.multi_value_headers.enabled', Value: 'true' },
        ],
      },
    ],
  });
  expect(targetGroups.get('group')).toMatchObject({
    deregistrationDelayMs: 5_000,
    multiValueHeaders: true,
    healthCheck: {
      port: 9091,
      path: '/healthz',
      intervalMs: 5_000,
      timeoutMs: 2_000,
      healthyThreshold: 2,
      matcher: '200-299',
    },
  });
});

test('a group that no rule uses is unused', () => {
  const { targetGroups } = state({
    Rules: rules({ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }),
  });
  expect(targetGroups.get('group')?.used).toBe(false);
});

test('weights, of which one may be missing', () => {
  const TargetGroups = [{ TargetGroupArn: 'a', Weight: 3 }, { TargetGroupArn: 'b' }];
  const { listeners } = state({ Rules: rules({ Type: 'forward', ForwardConfig: { TargetGroups } }) });
  expect(listeners.get('listener')?.rules[0]?.action).toMatchObject({
    groups: [
      { arn: 'a', weight: 3 },
      { arn: 'b', weight: 1 },
    ],
  });
});

test.each<[string, object, RegExp]>([
  [
    'a TCP listener',
    { Listeners: [{ ListenerArn: 'l', LoadBalancerArn: 'lb', Port: 80, Protocol: 'TCP' }] },
    /protocol TCP/,
  ],
  [
    'authentication',
    { Rules: rules({ Type: 'authenticate-oidc', Order: 1 }, { Type: 'forward', TargetGroupArn: 'group', Order: 2 }) },
    /authenticate-oidc is skipped/,
  ],
  ['authentication alone', { Rules: rules({ Type: 'authenticate-oidc' }) }, /cannot be done here/],
  ['instances', { TargetGroups: [{ ...GROUP, TargetType: 'instance' }] }, /type instance/],
  ['TLS to targets', { TargetGroups: [{ ...GROUP, Protocol: 'HTTPS' }] }, /TLS to targets/],
  [
    'stickiness',
    {
      Rules: rules({
        Type: 'forward',
        TargetGroupArn: 'group',
        ForwardConfig: { TargetGroupStickinessConfig: { Enabled: true } },
      }),
    },
    /stickiness/,
  ],
  [
    'transforms',
    { Rules: [{ ...rules({ Type: 'forward', TargetGroupArn: 'group' })[0], Transforms: [{}] }] },
    /transforms/,
  ],
  [
    'a condition without values',
    { Rules: [{ ...rules({ Type: 'forward', TargetGroupArn: 'group' })[0], Conditions: [{ Field: 'query-string' }] }] },
    /matches nothing/,
  ],
])('%s is remarked', (_what, changes, remark) => {
  expect(state(changes).remarks.join('\n')).toMatch(remark);
});

test('an answer that is no state is refused', () => {
  expect(() => parseBalancerState({ revision: 1 })).toThrow();
});
