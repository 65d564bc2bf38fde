/** How many clusters a quota has room for, and how many wakes at a time. Pure. */
import type { ClusterNeeds, DeploymentNeeds } from './product.ts';
import { HELD, LAMBDA, RATES, type HeldQuota, type RateQuota } from './quotas.ts';

/** Of one quota: what each cluster takes, what is taken before the first. */
export interface Demand {
  readonly each: number;
  readonly fixed: number;
  /** It is taken while a cluster is awake only. */
  readonly awakeOnly: boolean;
}

export type HeldId = keyof typeof HELD;
export type RateId = keyof typeof RATES;

/** Interfaces that belong to no cluster: of functions and of the load balancer one a subnet, of brokers one each. */
const SUBNETS = 3;

export function demands(cluster: ClusterNeeds, deployment: DeploymentNeeds): Readonly<Record<HeldId, Demand>> {
  const awake = (each: number, fixed = 0): Demand => ({ each, fixed, awakeOnly: true });
  const standing = (each: number, fixed = 0): Demand => ({ each, fixed, awakeOnly: false });
  return {
    fargateVcpus: awake(cluster.vcpus),
    brokerPartitions: standing(cluster.topics * deployment.replicationFactor),
    rules: standing(cluster.rules),
    targetGroups: standing(cluster.targetGroups, deployment.ownTargetGroups),
    // Of the functions behind the load balancer, one each.
    targets: awake(cluster.targets, deployment.ownTargetGroups),
    instances: awake(cluster.instances),
    interfaces: awake(cluster.tasks, 2 * SUBNETS + deployment.brokers),
    services: standing(cluster.services),
    // One for each instance, and the two of every zone.
    records: awake(cluster.instances, 2),
    regionTargetGroups: standing(cluster.targetGroups, deployment.ownTargetGroups),
    executions: awake(cluster.wake.executions),
  };
}

export function needOf({ each, fixed }: Demand, clusters: number): number {
  return fixed + each * clusters;
}

/** The most clusters that fit. */
export function roomIn({ most }: Pick<HeldQuota, 'most'>, { each, fixed }: Demand): number {
  return Math.max(0, Math.floor((most - fixed) / each));
}

export interface Wall {
  readonly id: HeldId;
  readonly quota: HeldQuota;
  readonly demand: Demand;
  readonly room: number;
}

/** The nearest first. */
export function walls(cluster: ClusterNeeds, deployment: DeploymentNeeds): Wall[] {
  const all = demands(cluster, deployment);
  return (Object.keys(HELD) as HeldId[])
    .map((id) => ({ id, quota: HELD[id], demand: all[id], room: roomIn(HELD[id], all[id]) }))
    .toSorted((a, b) => a.room - b.room);
}

/** Calls that one wake makes against each bucket. */
export function wakeCalls({ tasks, wake }: ClusterNeeds): Readonly<Record<RateId, number>> {
  return {
    registerTaskDefinition: wake.registerTaskDefinition,
    elbCalls: wake.elbCalls,
    elbTargets: wake.elbTargets,
    recordChanges: wake.registerInstance,
    taskLaunches: tasks,
    stateTransitions: wake.transitions,
    startExecution: wake.executions,
  };
}

export interface Storm {
  readonly id: RateId;
  readonly quota: RateQuota;
  readonly calls: number;
  /** Wakes that begin in the same second and meet no throttle. */
  readonly atOnce: number;
  /** And from then on. */
  readonly aMinute: number;
}

/** The narrowest first. */
export function storms(cluster: ClusterNeeds): Storm[] {
  const calls = wakeCalls(cluster);
  return (Object.keys(RATES) as RateId[])
    .map((id) => {
      const quota: RateQuota = RATES[id];
      return {
        ...{ id, quota, calls: calls[id] },
        atOnce: Math.floor(quota.bucket / calls[id]),
        aMinute: Math.floor((quota.refill * 60) / calls[id]),
      };
    })
    .toSorted((a, b) => a.aMinute - b.aMinute);
}

/** Seconds until so many wakes that were asked for at once have had all of their calls. */
export function secondsFor({ quota, calls }: Pick<Storm, 'quota' | 'calls'>, wakes: number): number {
  return Math.max(0, wakes * calls - quota.bucket) / quota.refill;
}

/** Wakes at a time that find functions free, beside the requests that are held for them. */
export function wakesWithFunctions(
  { wake }: ClusterNeeds,
  { heldRequests, relayedRequests, registrars }: DeploymentNeeds,
): number {
  return Math.floor((LAMBDA.most - heldRequests - relayedRequests - registrars) / wake.functionsAtOnce);
}
