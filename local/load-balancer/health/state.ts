/**
 * What a series of health checks makes of a target: pure.
 *
 * A newly registered target needs one successful check to be healthy, whatever the healthy threshold says ("After your
 * target is registered, it must pass one health check to be considered healthy", Elastic Load Balancing, Application Load
 * Balancers, Health checks for target groups). The threshold counts only on the way back from unhealthy.
 */
export type TargetState = 'initial' | 'healthy' | 'unhealthy' | 'unused' | 'draining' | 'unavailable';

export interface Health {
  readonly state: TargetState;
  readonly reason?: string;
  readonly description?: string;
}

export interface HealthHistory {
  readonly health: Health;
  readonly successes: number;
  readonly failures: number;
}

export type CheckResult =
  { readonly ok: true } | { readonly ok: false; readonly reason: string; readonly description: string };

export const TIMED_OUT: CheckResult = { ok: false, reason: 'Target.Timeout', description: 'Request timed out' };
export const FAILED: CheckResult = {
  ok: false,
  reason: 'Target.FailedHealthChecks',
  description: 'Health checks failed',
};
export const wrongCode = (code: number): CheckResult => ({
  ok: false,
  reason: 'Target.ResponseCodeMismatch',
  description: `Health checks failed with these codes: [${code}]`,
});

export const NEWLY_REGISTERED: HealthHistory = {
  health: {
    state: 'initial',
    reason: 'Elb.InitialHealthChecking',
    description: 'Initial health checks in progress',
  },
  successes: 0,
  failures: 0,
};
export const UNUSED: Health = {
  state: 'unused',
  reason: 'Target.NotInUse',
  description: 'Target group is not configured to receive traffic from the load balancer',
};
export const DRAINING: Health = {
  state: 'draining',
  reason: 'Target.DeregistrationInProgress',
  description: 'Target deregistration is in progress',
};
export const UNCHECKED: Health = {
  state: 'unavailable',
  reason: 'Target.HealthCheckDisabled',
  description: 'Health checks are disabled for this target',
};

export function afterCheck(
  history: HealthHistory,
  result: CheckResult,
  thresholds: { readonly healthyThreshold: number; readonly unhealthyThreshold: number },
): HealthHistory {
  const { state } = history.health;
  if (result.ok) {
    const successes = history.successes + 1;
    const enough = state !== 'unhealthy' || successes >= thresholds.healthyThreshold;
    return { health: enough ? { state: 'healthy' } : history.health, successes, failures: 0 };
  }
  const failures = history.failures + 1;
  const enough = state === 'unhealthy' || failures >= thresholds.unhealthyThreshold;
  const { reason, description } = result;
  return { health: enough ? { state: 'unhealthy', reason, description } : history.health, successes: 0, failures };
}

/** `200`, `200,202`, `200-299`, and mixtures of them. */
export function matchesCode(matcher: string, code: number): boolean {
  return matcher.split(',').some((part) => {
    const [from, to] = part.split('-').map((text) => Number(text.trim()));
    return from !== undefined && code >= from && code <= (to ?? from);
  });
}

export function sameHealth(left: Health, right: Health): boolean {
  return left.state === right.state && left.reason === right.reason && left.description === right.description;
}
