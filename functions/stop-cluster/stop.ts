/**
 * Ends every task of a cluster and keeps everything else: services at zero, rules closed to clients, names without
 * addresses. What a recovery begins with: the survivors of a lost quorum must not be found by anybody again, and every
 * Milvus role has to start anew, because revisions go back. Returns the groups whose tasks must be gone.
 */
import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { ModifyRuleCommand, type ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { deregisterAll, type Namespace } from '../common/aws/discovery.ts';
import { closedConditions } from '../common/aws/entry.ts';
import { stopGroups, type TaskSource } from '../common/aws/tasks.ts';
import { memberGroups, serviceGroup, serviceName } from '../common/cluster/names.ts';
import type { ClusterRecord, Ownership } from '../common/cluster/record.ts';
import { hasName } from '../common/lambda/errors.ts';
import { getOwned, type RegistryTable } from '../common/registry/registry.ts';
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
  await closeRules(elb, record);
  if (record.discovery !== undefined) await deregisterAll(namespace, record.discovery.metadata);
  const roles = planRoles(record.spec).map(({ role }) => role);
  const members = memberGroups(record.name, record.spec.metadata.members);
  await Promise.all(roles.map((role) => toZero(source, serviceName(record.name, role))));
  await stopGroups(source, members, 'redkite: the quorum is restored');
  return {
    wants: [...members, ...roles.map((role) => serviceGroup(record.name, role))].map((group) => ({ group, count: 0 })),
  };
}

async function closeRules(elb: ElasticLoadBalancingV2Client, { name, entry }: ClusterRecord): Promise<void> {
  for (const { ruleArn } of entry?.rules ?? []) {
    try {
      await elb.send(new ModifyRuleCommand({ RuleArn: ruleArn, Conditions: closedConditions(name) }));
    } catch (error) {
      if (!hasName(error, 'RuleNotFoundException')) throw error;
    }
  }
}

async function toZero({ ecs, ecsCluster }: TaskSource, service: string): Promise<void> {
  try {
    await ecs.send(new UpdateServiceCommand({ cluster: ecsCluster, service, desiredCount: 0 }));
  } catch (error) {
    if (!hasName(error, 'ServiceNotFoundException', 'ServiceNotActiveException')) throw error;
  }
}
