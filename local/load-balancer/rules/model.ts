/** The load balancer's own view of ELBv2: what state.ts reads out of the API's shapes, and everything else works with. */
import type { BlockList } from 'node:net';
import type { Wildcard } from '../../../functions/common/http/wildcards.ts';

export type Condition =
  | { readonly kind: 'host'; readonly patterns: readonly Wildcard[] }
  | { readonly kind: 'path'; readonly patterns: readonly Wildcard[] }
  | { readonly kind: 'header'; readonly name: string; readonly patterns: readonly Wildcard[] }
  | { readonly kind: 'method'; readonly methods: readonly string[] }
  | { readonly kind: 'query'; readonly pairs: readonly { readonly key?: Wildcard; readonly value: Wildcard }[] }
  | { readonly kind: 'source'; readonly ranges: BlockList }
  /** A condition that cannot be read must not let every request pass. */
  | { readonly kind: 'never' };

export interface Forward {
  readonly kind: 'forward';
  readonly groups: readonly { readonly arn: string; readonly weight: number }[];
}

export interface FixedResponse {
  readonly kind: 'fixed-response';
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface Redirect {
  readonly kind: 'redirect';
  readonly status: number;
  readonly protocol: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly query: string;
}

export type Action = Forward | FixedResponse | Redirect | { readonly kind: 'unsupported'; readonly type: string };

export interface Rule {
  readonly arn: string;
  /** Infinity for the default rule. */
  readonly priority: number;
  readonly conditions: readonly Condition[];
  readonly action: Action;
}

export interface Listener {
  readonly arn: string;
  readonly loadBalancerArn: string;
  readonly protocol: 'HTTP' | 'HTTPS';
  /** As on AWS; where it is served on this machine is decided elsewhere. */
  readonly port: number;
  readonly idleTimeoutMs: number;
  /** By priority, the default rule last. */
  readonly rules: readonly Rule[];
}

export type ProtocolVersion = 'HTTP1' | 'HTTP2' | 'GRPC';

export interface HealthCheck {
  readonly enabled: boolean;
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly version: ProtocolVersion;
  /** Undefined: the port that takes the traffic. */
  readonly port: number | undefined;
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** Codes and ranges such as `200,204-299`; gRPC status codes for a gRPC group. */
  readonly matcher: string;
}

export interface Target {
  readonly id: string;
  readonly port: number | undefined;
}

export interface TargetGroup {
  readonly arn: string;
  readonly type: 'ip' | 'lambda';
  /** How targets are spoken to. */
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly version: ProtocolVersion;
  readonly healthCheck: HealthCheck;
  readonly deregistrationDelayMs: number;
  readonly multiValueHeaders: boolean;
  /** Whether any rule can send it requests. */
  readonly used: boolean;
  readonly targets: readonly Target[];
}

export interface BalancerState {
  readonly revision: number;
  readonly listeners: ReadonlyMap<string, Listener>;
  readonly targetGroups: ReadonlyMap<string, TargetGroup>;
  /** What is configured but cannot be done here; said once each. */
  readonly remarks: readonly string[];
}
