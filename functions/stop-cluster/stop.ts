/**
 * Ends every task of a cluster and keeps everything else: services at zero, rules closed to clients, names without
 * addresses. What a recovery begins with: the survivors of a lost quorum must not be found by anybody again, and every
 * Milvus role has to start anew, because revisions go back. Returns the groups whose tasks must be gone.
 */
import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { deregisterAll, type Namespace } from '../common/aws/discovery.ts';
import { applyRules } from '../common/aws/rules.ts';
import { servicesToZero } from '../common/aws/stop.ts';
import { stopGroups, type TaskSource } from '../common/aws/tasks.ts';
import { memberGroups, serviceGroup } from '../common/cluster/names.ts';
import type { Ownership } from '../common/cluster/record.ts';
import { getOwned, type RegistryTable } from '../common/registry/registry.ts';
import { wishRulesClosed } from '../common/registry/rules-wish.ts';
import { planRoles } from '../common/releases/plan.ts';

export interface StopDeps {
  readonly registry: RegistryTable;
  readonly source: TaskSource;
  readonly namespace: Namespace;
  readonly elb: ElasticLoadBalancingV2Client;
}

export async function stopCluster(
  { registry, source, namespace, elb }: StopDeps,
  operation: Ownership,
): Promise<{ readonly wants: { readonly group: string; readonly count: 0 }[] }> {
  const record = await getOwned(registry, operation, ['recovering']);
  await wishRulesClosed(registry, operation, 'recovering');
  await applyRules({ registry, elb }, record.name);
  if (record.discovery !== undefined) await deregisterAll(namespace, record.discovery.metadata);
  const roles = planRoles(record.spec).map(({ role }) => role);
  const members = memberGroups(record.name, record.spec.metadata.members);
  await servicesToZero(source, record);
  await stopGroups(source, members, 'redkite: the quorum is restored');
  return {
    wants: [...members, ...roles.map((role) => serviceGroup(record.name, role))].map((group) => ({ group, count: 0 })),
  };
}
