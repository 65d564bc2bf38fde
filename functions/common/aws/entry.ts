/** The load balancer's side of a cluster: target groups and rules, found again by their deterministic names. */
import {
  CreateRuleCommand,
  CreateTargetGroupCommand,
  DescribeRulesCommand,
  type CreateTargetGroupCommandInput,
  type ElasticLoadBalancingV2Client,
  type RuleCondition,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { targetGroupName, type EntryProtocol } from '../cluster/names.ts';
import { hasName } from '../lambda/errors.ts';
import type { ReleaseProfile } from '../releases/profiles.ts';

export interface EntryDeps {
  readonly elb: ElasticLoadBalancingV2Client;
  readonly stage: string;
  readonly vpcId: string;
  readonly httpListenerArn: string;
  /** gRPC needs it: an ALB speaks HTTP/2 with clients over TLS only. */
  readonly httpsListenerArn: string | undefined;
}

export function targetGroupInput(
  { stage, vpcId }: Pick<EntryDeps, 'stage' | 'vpcId'>,
  cluster: string,
  protocol: EntryProtocol,
  { client, management }: ReleaseProfile['ports'],
): CreateTargetGroupCommandInput {
  return {
    Name: targetGroupName(stage, cluster, protocol),
    VpcId: vpcId,
    TargetType: 'ip',
    Protocol: 'HTTP',
    Port: client,
    ProtocolVersion: protocol === 'grpc' ? 'GRPC' : 'HTTP1',
    // Milvus serves gRPC's own health protocol on its client port; its HTTP health on the management port.
    ...(protocol === 'grpc'
      ? { HealthCheckPath: '/grpc.health.v1.Health/Check', Matcher: { GrpcCode: '0' } }
      : { HealthCheckPath: '/healthz', HealthCheckPort: String(management), Matcher: { HttpCode: '200' } }),
    HealthCheckProtocol: 'HTTP',
    HealthCheckIntervalSeconds: 5,
    HealthCheckTimeoutSeconds: 2,
    HealthyThresholdCount: 2,
    UnhealthyThresholdCount: 2,
    Tags: [
      { Key: 'redkite:stage', Value: stage },
      { Key: 'redkite:cluster', Value: cluster },
    ],
  };
}

/** AWS answers with the existing group when the name is taken by one with the same settings. */
export async function ensureTargetGroup(
  { elb }: Pick<EntryDeps, 'elb'>,
  input: CreateTargetGroupCommandInput,
): Promise<string> {
  const { TargetGroups = [] } = await elb.send(new CreateTargetGroupCommand(input));
  const arn = TargetGroups[0]?.TargetGroupArn;
  if (arn === undefined) throw new Error(`No target group was made for ${input.Name ?? ''}.`);
  return arn;
}

/** gRPC rules are looked at before REST rules, which match the same hosts without asking for a content type. */
const PRIORITIES: Readonly<Record<EntryProtocol, readonly [from: number, to: number]>> = {
  grpc: [1, 9_999],
  rest: [10_000, 49_999],
};

export function freePriority(protocol: EntryProtocol, taken: ReadonlySet<number>): number {
  const [from, to] = PRIORITIES[protocol];
  for (let priority = from; priority <= to; priority += 1) if (!taken.has(priority)) return priority;
  throw new Error(`The listener has no free rule priority for ${protocol}.`);
}

/** The rule that forwards to this target group, made with `conditions` when there is none. Returns its ARN. */
export async function ensureRule(
  { elb }: Pick<EntryDeps, 'elb'>,
  rule: { listenerArn: string; protocol: EntryProtocol; targetGroupArn: string; conditions: RuleCondition[] },
): Promise<string> {
  for (;;) {
    const { Rules = [] } = await elb.send(new DescribeRulesCommand({ ListenerArn: rule.listenerArn }));
    const existing = Rules.find((candidate) =>
      candidate.Actions?.some((action) => action.TargetGroupArn === rule.targetGroupArn),
    );
    if (existing?.RuleArn !== undefined) return existing.RuleArn;
    try {
      const { Rules: made = [] } = await elb.send(
        new CreateRuleCommand({
          ListenerArn: rule.listenerArn,
          Priority: freePriority(rule.protocol, new Set(Rules.map((candidate) => Number(candidate.Priority)))),
          Conditions: rule.conditions,
          Actions: [{ Type: 'forward', TargetGroupArn: rule.targetGroupArn }],
        }),
      );
      const arn = made[0]?.RuleArn;
      if (arn === undefined) throw new Error('The load balancer made no rule.');
      return arn;
    } catch (error) {
      // Another cluster took the priority between the look and the creation: look again.
      if (!hasName(error, 'PriorityInUseException')) throw error;
    }
  }
}

export function hostConditions(hosts: readonly string[], protocol: EntryProtocol): RuleCondition[] {
  return [
    { Field: 'host-header', HostHeaderConfig: { Values: [...hosts] } },
    ...(protocol === 'grpc'
      ? [
          {
            Field: 'http-header',
            HttpHeaderConfig: { HttpHeaderName: 'content-type', Values: ['application/grpc*'] },
          },
        ]
      : []),
  ];
}

/** Matches no request of a client: it only makes the load balancer check the targets' health before anyone is let in. */
export function closedConditions(cluster: string): RuleCondition[] {
  return [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'x-redkite-closed', Values: [cluster] } }];
}
