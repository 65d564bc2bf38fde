/**
 * Ends the etcd members of a cluster that falls asleep: what they held is in the archive. From here on nothing finds the
 * cluster by name or as a target. Returns the groups whose tasks must be gone: all of them, so that a role which a dying
 * wake started late is noticed too.
 */
import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Namespace } from '../common/aws/discovery.ts';
import { forgetAddresses } from '../common/aws/stop.ts';
import { stopGroups, type TaskSource } from '../common/aws/tasks.ts';
import type { BarrierWant } from '../common/cluster/barrier.ts';
import { memberGroups, serviceGroup } from '../common/cluster/names.ts';
import type { NapArchive, Ownership } from '../common/cluster/record.ts';
import { getOwned, updateCluster, type RegistryTable } from '../common/registry/registry.ts';
import { reachPoint } from '../common/registry/nap.ts';
import { planRoles } from '../common/releases/plan.ts';

export interface StopMembersDeps {
  readonly registry: RegistryTable;
  readonly source: TaskSource;
  readonly namespace: Namespace;
  readonly elb: ElasticLoadBalancingV2Client;
}

/** `archive`: the one that the members' state went into; the one of the record stays when there is none. */
export async function stopMembers(
  { registry, source, namespace, elb }: StopMembersDeps,
  operation: Ownership,
  archive: NapArchive | undefined,
): Promise<{ readonly wants: readonly BarrierWant[] }> {
  const record = await getOwned(registry, operation, ['falling-asleep']);
  await reachPoint(registry, operation, {
    point: 'archived',
    unarchived: false,
    ...(archive === undefined ? {} : { archive }),
  });
  await updateCluster(registry, operation, ['falling-asleep'], { metadataOpen: false });
  const members = memberGroups(record.name, record.spec.metadata.members);
  await Promise.all([
    stopGroups(source, members, 'redkite: the cluster is asleep'),
    forgetAddresses({ namespace, elb }, record),
  ]);
  const roles = planRoles(record.spec).map(({ role }) => serviceGroup(record.name, role));
  return { wants: [...members, ...roles].map((group) => ({ group, count: 0 })) };
}
