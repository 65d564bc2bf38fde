/**
 * Reads the answer of GET /_redkite/elbv2 (the API's own shapes) into model.ts. Everything that the load balancer cannot
 * do is a remark here, so that nothing is ignored silently.
 */
import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { wildcard } from '../../../functions/common/http/wildcards.ts';
import type { Action, BalancerState, Condition, Listener, Rule, TargetGroup } from './model.ts';

const values = z.array(z.string()).default([]);
const conditionSchema = z.object({
  Field: z.string(),
  Values: values,
  HostHeaderConfig: z.object({ Values: values }).optional(),
  PathPatternConfig: z.object({ Values: values }).optional(),
  HttpHeaderConfig: z.object({ HttpHeaderName: z.string(), Values: values }).optional(),
  HttpRequestMethodConfig: z.object({ Values: values }).optional(),
  QueryStringConfig: z
    .object({ Values: z.array(z.object({ Key: z.string().nullish(), Value: z.string() })) })
    .optional(),
  SourceIpConfig: z.object({ Values: values }).optional(),
});
const actionSchema = z.object({
  Type: z.string(),
  Order: z.coerce.number().default(1),
  TargetGroupArn: z.string().nullish(),
  ForwardConfig: z
    .object({
      TargetGroups: z.array(z.object({ TargetGroupArn: z.string(), Weight: z.coerce.number().nullish() })).default([]),
      TargetGroupStickinessConfig: z.object({ Enabled: z.boolean().nullish() }).nullish(),
    })
    .nullish(),
  FixedResponseConfig: z
    .object({ StatusCode: z.coerce.number(), ContentType: z.string().nullish(), MessageBody: z.string().nullish() })
    .nullish(),
  RedirectConfig: z
    .object({
      StatusCode: z.string(),
      Protocol: z.string().nullish(),
      Host: z.string().nullish(),
      Port: z.coerce.string().nullish(),
      Path: z.string().nullish(),
      Query: z.string().nullish(),
    })
    .nullish(),
});
const ruleSchema = z.object({
  RuleArn: z.string(),
  ListenerArn: z.string(),
  Priority: z.coerce.string(),
  Conditions: z.array(conditionSchema).default([]),
  Actions: z.array(actionSchema).default([]),
  Transforms: z.array(z.unknown()).nullish(),
});
const attributesSchema = z.array(z.object({ Key: z.string(), Value: z.coerce.string() })).default([]);
const version = z.enum(['HTTP1', 'HTTP2', 'GRPC']);
const targetGroupSchema = z.object({
  TargetGroupArn: z.string(),
  TargetType: z.string().default('instance'),
  Protocol: z.string().nullish(),
  ProtocolVersion: version.nullish(),
  Port: z.coerce.number().nullish(),
  HealthCheckEnabled: z.boolean().default(true),
  HealthCheckProtocol: z.string().nullish(),
  HealthCheckPort: z.coerce.string().nullish(),
  HealthCheckPath: z.string().nullish(),
  HealthCheckIntervalSeconds: z.coerce.number().default(30),
  HealthCheckTimeoutSeconds: z.coerce.number().default(5),
  HealthyThresholdCount: z.coerce.number().default(5),
  UnhealthyThresholdCount: z.coerce.number().default(2),
  Matcher: z.object({ HttpCode: z.string().nullish(), GrpcCode: z.string().nullish() }).nullish(),
  Attributes: attributesSchema,
  Targets: z.array(z.object({ Id: z.string(), Port: z.coerce.number().nullish() })).default([]),
});
const stateSchema = z.object({
  revision: z.number().int(),
  LoadBalancers: z.array(z.object({ LoadBalancerArn: z.string(), Attributes: attributesSchema })),
  Listeners: z.array(
    z.object({
      ListenerArn: z.string(),
      LoadBalancerArn: z.string(),
      Port: z.coerce.number(),
      Protocol: z.string(),
    }),
  ),
  Rules: z.array(ruleSchema),
  TargetGroups: z.array(targetGroupSchema),
});

type Attributes = z.infer<typeof attributesSchema>;
type Remark = (text: string) => void;

const attribute = (attributes: Attributes, key: string) => attributes.find(({ Key }) => Key === key)?.Value;
const DEFAULT_IDLE_TIMEOUT_S = 60;
const DEFAULT_DEREGISTRATION_DELAY_S = 300;

export function parseBalancerState(answer: unknown): BalancerState {
  const state = stateSchema.parse(answer);
  const remarks: string[] = [];
  const remark: Remark = (text) => remarks.push(text);
  const rules = Map.groupBy(state.Rules, ({ ListenerArn }) => ListenerArn);
  const idleTimeouts = new Map(
    state.LoadBalancers.map(({ LoadBalancerArn, Attributes }) => [
      LoadBalancerArn,
      Number(attribute(Attributes, 'idle_timeout.timeout_seconds') ?? DEFAULT_IDLE_TIMEOUT_S),
    ]),
  );
  const listeners = new Map<string, Listener>();
  for (const { ListenerArn, LoadBalancerArn, Port, Protocol } of state.Listeners) {
    if (Protocol !== 'HTTP' && Protocol !== 'HTTPS') {
      remark(`Listener ${ListenerArn}: protocol ${Protocol} is not served.`);
      continue;
    }
    listeners.set(ListenerArn, {
      arn: ListenerArn,
      loadBalancerArn: LoadBalancerArn,
      protocol: Protocol,
      port: Port,
      idleTimeoutMs: (idleTimeouts.get(LoadBalancerArn) ?? DEFAULT_IDLE_TIMEOUT_S) * 1_000,
      rules: (rules.get(ListenerArn) ?? [])
        .map((rule) => parseRule(rule, remark))
        .sort((left, right) => left.priority - right.priority),
    });
  }
  const used = new Set<string>();
  for (const { rules: ofListener } of listeners.values()) {
    for (const { action } of ofListener)
      if (action.kind === 'forward') for (const { arn } of action.groups) used.add(arn);
  }
  const targetGroups = new Map<string, TargetGroup>();
  for (const group of state.TargetGroups) {
    const parsed = parseTargetGroup(group, used.has(group.TargetGroupArn), remark);
    if (parsed !== undefined) targetGroups.set(parsed.arn, parsed);
  }
  return { revision: state.revision, listeners, targetGroups, remarks };
}

function parseRule(rule: z.infer<typeof ruleSchema>, remark: Remark): Rule {
  if ((rule.Transforms?.length ?? 0) > 0) remark(`Rule ${rule.RuleArn}: transforms are not applied.`);
  // Infinity minus Infinity is no number: two default rules cannot be, but sorting must not depend on it.
  const priority = rule.Priority === 'default' ? Number.MAX_SAFE_INTEGER : Number(rule.Priority);
  const conditions = rule.Conditions.map((condition) => {
    const parsed = parseCondition(condition);
    if (parsed.kind === 'never') {
      remark(`Rule ${rule.RuleArn}: its ${condition.Field} condition has no usable value; the rule matches nothing.`);
    }
    return parsed;
  });
  return { arn: rule.RuleArn, priority, conditions, action: parseAction(rule, remark) };
}

function parseCondition(condition: z.infer<typeof conditionSchema>): Condition {
  const NEVER: Condition = { kind: 'never' };
  const patterns = (config: { Values: string[] } | undefined) =>
    config !== undefined && config.Values.length > 0 ? config.Values : condition.Values;
  const compile = (texts: readonly string[], ignoreCase: boolean) =>
    texts.map((text) => wildcard(text, { ignoreCase }));
  const some = (list: readonly unknown[], made: Condition) => (list.length === 0 ? NEVER : made);
  switch (condition.Field) {
    case 'host-header': {
      const hosts = compile(patterns(condition.HostHeaderConfig), true);
      return some(hosts, { kind: 'host', patterns: hosts });
    }
    case 'path-pattern': {
      const paths = compile(patterns(condition.PathPatternConfig), false);
      return some(paths, { kind: 'path', patterns: paths });
    }
    case 'http-header': {
      const config = condition.HttpHeaderConfig;
      if (config === undefined) return NEVER;
      const name = config.HttpHeaderName.toLowerCase();
      return some(config.Values, { kind: 'header', name, patterns: compile(config.Values, true) });
    }
    case 'http-request-method': {
      const methods = patterns(condition.HttpRequestMethodConfig);
      return some(methods, { kind: 'method', methods });
    }
    case 'query-string': {
      const pairs = (condition.QueryStringConfig?.Values ?? []).map(({ Key, Value }) => ({
        ...(Key ? { key: wildcard(Key, { ignoreCase: true, backslashEscapes: true }) } : {}),
        value: wildcard(Value, { ignoreCase: true, backslashEscapes: true }),
      }));
      return some(pairs, { kind: 'query', pairs });
    }
    case 'source-ip': {
      const ranges = new BlockList();
      let count = 0;
      for (const range of patterns(condition.SourceIpConfig)) {
        const [address = '', bits] = range.split('/');
        const family = isIP(address);
        if (family === 0) continue;
        ranges.addSubnet(address, Number(bits ?? (family === 4 ? 32 : 128)), family === 4 ? 'ipv4' : 'ipv6');
        count += 1;
      }
      return count === 0 ? NEVER : { kind: 'source', ranges };
    }
    default:
      return NEVER;
  }
}

function parseAction(rule: z.infer<typeof ruleSchema>, remark: Remark): Action {
  // The last one answers; those before it authenticate.
  const ordered = [...rule.Actions].sort((left, right) => left.Order - right.Order);
  const action = ordered.at(-1);
  for (const { Type } of ordered.slice(0, -1)) remark(`Rule ${rule.RuleArn}: action ${Type} is skipped.`);
  const { FixedResponseConfig: fixed, RedirectConfig: redirect, ForwardConfig: config } = action ?? {};
  if (action?.Type === 'fixed-response' && fixed) {
    const { StatusCode, ContentType, MessageBody } = fixed;
    return {
      kind: 'fixed-response',
      status: StatusCode,
      contentType: ContentType ?? 'text/plain',
      body: MessageBody ?? '',
    };
  }
  if (action?.Type === 'redirect' && redirect) {
    return {
      kind: 'redirect',
      status: redirect.StatusCode.includes('301') ? 301 : 302,
      protocol: redirect.Protocol ?? '#{protocol}',
      host: redirect.Host ?? '#{host}',
      port: redirect.Port ?? '#{port}',
      path: redirect.Path ?? '/#{path}',
      query: redirect.Query ?? '#{query}',
    };
  }
  if (action?.Type === 'forward') {
    if (config?.TargetGroupStickinessConfig?.Enabled === true) remark(`Rule ${rule.RuleArn}: stickiness is not kept.`);
    const groups = (config?.TargetGroups ?? []).map(({ TargetGroupArn, Weight }) => ({
      arn: TargetGroupArn,
      weight: Weight ?? 1,
    }));
    if (groups.length === 0 && action.TargetGroupArn) groups.push({ arn: action.TargetGroupArn, weight: 1 });
    return { kind: 'forward', groups };
  }
  const type = action?.Type ?? 'none';
  remark(`Rule ${rule.RuleArn}: action ${type} cannot be done here; its requests are answered with 500.`);
  return { kind: 'unsupported', type };
}

function parseTargetGroup(
  group: z.infer<typeof targetGroupSchema>,
  used: boolean,
  remark: Remark,
): TargetGroup | undefined {
  const { TargetGroupArn: arn, TargetType: type, Attributes: attributes } = group;
  if (type !== 'ip' && type !== 'lambda') {
    if (used) remark(`Target group ${arn}: targets of type ${type} do not exist here; it counts as empty.`);
    return undefined;
  }
  const groupVersion = group.ProtocolVersion ?? 'HTTP1';
  const grpc = groupVersion === 'GRPC';
  const matcher = grpc ? (group.Matcher?.GrpcCode ?? group.Matcher?.HttpCode) : group.Matcher?.HttpCode;
  const checkPort = group.HealthCheckPort ?? 'traffic-port';
  const protocol = group.Protocol === 'HTTPS' ? 'HTTPS' : 'HTTP';
  if (used && protocol === 'HTTPS')
    remark(`Target group ${arn}: TLS to targets is not spoken here; its requests get 502.`);
  return {
    arn,
    type,
    protocol,
    version: groupVersion,
    healthCheck: {
      enabled: group.HealthCheckEnabled,
      protocol: group.HealthCheckProtocol === 'HTTPS' ? 'HTTPS' : 'HTTP',
      version: groupVersion,
      port: checkPort === 'traffic-port' ? undefined : Number(checkPort),
      path: group.HealthCheckPath ?? (grpc ? '/AWS.ALB/healthcheck' : '/'),
      intervalMs: group.HealthCheckIntervalSeconds * 1_000,
      timeoutMs: group.HealthCheckTimeoutSeconds * 1_000,
      healthyThreshold: group.HealthyThresholdCount,
      unhealthyThreshold: group.UnhealthyThresholdCount,
      matcher: matcher ?? (grpc ? '12' : '200'),
    },
    deregistrationDelayMs:
      Number(attribute(attributes, 'deregistration_delay.timeout_seconds') ?? DEFAULT_DEREGISTRATION_DELAY_S) * 1_000,
    multiValueHeaders: attribute(attributes, 'lambda.multi_value_headers.enabled') === 'true',
    used,
    targets: group.Targets.map(({ Id, Port }) => ({
      id: Id,
      port: type === 'lambda' ? undefined : (Port ?? group.Port ?? undefined),
    })),
  };
}
