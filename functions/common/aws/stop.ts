/** What stops a cluster without taking anything of it away: services at zero, names without addresses. */
import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { serviceName, type EntryProtocol } from '../cluster/names.ts';
import type { ClusterRecord } from '../cluster/record.ts';
import { hasName } from '../lambda/errors.ts';
import { planRoles } from '../releases/plan.ts';
import { deregisterAll, type Namespace } from './discovery.ts';
import type { TaskSource } from './tasks.ts';

/** Every Milvus role. ECS sends SIGTERM, and SIGKILL after the task definition's stopTimeout. */
export async function servicesToZero(
  { ecs, ecsCluster }: TaskSource,
  { name, spec }: Pick<ClusterRecord, 'name' | 'spec'>,
): Promise<void> {
  await Promise.all(
    planRoles(spec).map(async ({ role }) => {
      try {
        const service = serviceName(name, role);
        await ecs.send(new UpdateServiceCommand({ cluster: ecsCluster, service, desiredCount: 0 }));
      } catch (error) {
        if (!hasName(error, 'ServiceNotFoundException', 'ServiceNotActiveException')) throw error;
      }
    }),
  );
}

/** An address that stays behind may belong to another cluster's task tomorrow: nothing may point to it. */
export async function forgetAddresses(
  { namespace, elb }: { readonly namespace: Namespace; readonly elb: ElasticLoadBalancingV2Client },
  { discovery, entry }: Pick<ClusterRecord, 'discovery' | 'entry'>,
): Promise<void> {
  const services = discovery === undefined ? [] : [discovery.metadata, ...discovery.members];
  const protocols = Object.keys(entry?.targetGroups ?? {}) as EntryProtocol[];
  await Promise.all([
    ...services.map((serviceId) => deregisterAll(namespace, serviceId)),
    ...protocols.map((protocol) => deregisterTargets(elb, entry?.targetGroups[protocol])),
  ]);
}

async function deregisterTargets(elb: ElasticLoadBalancingV2Client, arn: string | undefined): Promise<void> {
  if (arn === undefined) return;
  try {
    const health = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn }));
    const targets = (health.TargetHealthDescriptions ?? []).flatMap(({ Target }) =>
      Target === undefined ? [] : [Target],
    );
    if (targets.length === 0) return;
    await elb.send(new DeregisterTargetsCommand({ TargetGroupArn: arn, Targets: targets }));
  } catch (error) {
    if (!hasName(error, 'TargetGroupNotFoundException', 'InvalidTargetException')) throw error;
  }
}
