/**
 * How many deployments so many clusters need, and what has to be asked of AWS for them. A deployment (a stage) is the shard: it has one
 * load balancer, one namespace, one ECS cluster, one MSK. Pure.
 */
import type { ClusterNeeds, DeploymentNeeds } from './product.ts';
import { OF_DEPLOYMENTS, type HeldQuota } from './quotas.ts';
import { needOf, walls, type Wall } from './walls.ts';

export interface ShardPlan {
  readonly clusters: number;
  readonly deployments: number;
  /** In the fullest of them. */
  readonly perDeployment: number;
  /** What AWS's defaults do not have room for, with every cluster awake. */
  readonly raises: readonly Raise[];
}

export interface Raise {
  readonly quota: HeldQuota;
  /** What to ask for. */
  readonly need: number;
}

/** No larger than what AWS raises for nobody. */
export function mostPerDeployment(cluster: ClusterNeeds, deployment: DeploymentNeeds): Wall {
  const [hardest] = walls(cluster, deployment).filter(({ quota }) => !quota.adjustable);
  if (hardest === undefined) throw new Error('Every quota can be raised: nothing bounds a deployment.');
  return hardest;
}

/** Evenly: as few deployments as there have to be, each as small as it can be then. */
export function shardPlan(clusters: number, cluster: ClusterNeeds, deployment: DeploymentNeeds): ShardPlan {
  const { room } = mostPerDeployment(cluster, deployment);
  const deployments = Math.ceil(clusters / room);
  const perDeployment = Math.ceil(clusters / deployments);
  const raises = walls(cluster, deployment).flatMap(({ quota, demand }) => {
    const inRegion = quota.per === 'account and region';
    const need = inRegion ? demand.fixed * deployments + demand.each * clusters : needOf(demand, perDeployment);
    return need > quota.most ? [{ quota, need: Math.ceil(need) }] : [];
  });
  const ofDeployments = (Object.keys(OF_DEPLOYMENTS) as (keyof typeof OF_DEPLOYMENTS)[]).flatMap((id) => {
    const need = deployments * (id === 'reserved' ? deployment.heldRequests + deployment.relayedRequests : 1);
    return need > OF_DEPLOYMENTS[id].most ? [{ quota: OF_DEPLOYMENTS[id], need }] : [];
  });
  return { clusters, deployments, perDeployment, raises: [...raises, ...ofDeployments] };
}
