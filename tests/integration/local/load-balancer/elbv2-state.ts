/** ELBv2 states as the emulator gives them: two listeners, and what a test says of groups and rules. */
export const LB = 'arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/entry/1';
export const HTTP = 'listener-http';
export const HTTPS = 'listener-https';
export const groupArn = (name: string) =>
  `arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/${name}/1`;
export const forwardTo = (...names: string[]) => ({
  Type: 'forward',
  ForwardConfig: { TargetGroups: names.map((name) => ({ TargetGroupArn: groupArn(name), Weight: 1 })) },
});
export const fixed = (status: number, body = '') => ({
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode: String(status), ContentType: 'text/plain', MessageBody: body },
});

interface GroupInput {
  readonly name: string;
  readonly targets: readonly { readonly Id: string; readonly Port?: number }[];
  readonly [field: string]: unknown;
}

export function stateOf(input: {
  readonly groups?: readonly GroupInput[];
  /** The default action of both listeners. */
  readonly action?: object;
  readonly rules?: readonly object[];
  readonly idleTimeoutSeconds?: number;
}) {
  const { groups = [], action = fixed(404), rules = [], idleTimeoutSeconds = 60 } = input;
  const listeners = [
    { ListenerArn: HTTP, LoadBalancerArn: LB, Port: 80, Protocol: 'HTTP' },
    { ListenerArn: HTTPS, LoadBalancerArn: LB, Port: 443, Protocol: 'HTTPS' },
  ];
  return {
    LoadBalancers: [
      { LoadBalancerArn: LB, Attributes: [{ Key: 'idle_timeout.timeout_seconds', Value: String(idleTimeoutSeconds) }] },
    ],
    Listeners: listeners,
    Rules: listeners.flatMap(({ ListenerArn }) => [
      ...rules.map((rule, index) => ({
        RuleArn: `${ListenerArn}/${index}`,
        ListenerArn,
        Priority: String(index + 1),
        Conditions: [],
        ...rule,
      })),
      { RuleArn: `${ListenerArn}/default`, ListenerArn, Priority: 'default', Conditions: [], Actions: [action] },
    ]),
    TargetGroups: groups.map(({ name, targets, ...fields }) => ({
      TargetGroupArn: groupArn(name),
      TargetType: 'ip',
      Protocol: 'HTTP',
      ProtocolVersion: 'HTTP1',
      HealthCheckIntervalSeconds: 0.05,
      HealthCheckTimeoutSeconds: 1,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 2,
      ...fields,
      Targets: targets,
    })),
  };
}

export type ElbState = ReturnType<typeof stateOf>;
