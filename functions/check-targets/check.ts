/** Does the load balancer see a healthy target in every target group of the cluster? The decision is pure. */
import {
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { boundedNames } from '../common/lambda/bounded.ts';

export interface TargetState {
  readonly id: string;
  readonly state: string;
  readonly reason?: string;
}

export interface TargetsAnswer {
  readonly ready: boolean;
  readonly reason: string;
}

export function decideTargets(groups: readonly (readonly TargetState[])[]): TargetsAnswer {
  const waiting = groups.filter((targets) => !targets.some((target) => target.state === 'healthy'));
  if (waiting.length === 0) return { ready: true, reason: 'every target group has a healthy target' };
  const states = waiting.flat().map(({ id, state, reason }) => `${id} is ${state}${reason ? ` (${reason})` : ''}`);
  return { ready: false, reason: states.length === 0 ? 'no target is registered' : boundedNames(states, '; ') };
}

export async function observeTargets(
  elb: ElasticLoadBalancingV2Client,
  targetGroupArn: string,
): Promise<TargetState[]> {
  const { TargetHealthDescriptions = [] } = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
  );
  return TargetHealthDescriptions.map(({ Target, TargetHealth }) => ({
    id: Target?.Id ?? '',
    state: TargetHealth?.State ?? 'unknown',
    ...(TargetHealth?.Reason === undefined ? {} : { reason: TargetHealth.Reason }),
  }));
}
