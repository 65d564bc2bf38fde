/**
 * Makes the cluster's target groups and rules, closed to clients, and registers the proxies that run. A load balancer
 * checks the health of targets only when a rule uses their group; so the rules exist from here on, with a condition that
 * no client's request meets, and `open-entry` gives them their real conditions once the targets are healthy.
 */
import { RegisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  closedConditions,
  ensureRule,
  ensureTargetGroup,
  targetGroupInput,
  type EntryDeps,
} from '../common/aws/entry.ts';
import { serviceGroup, type EntryProtocol } from '../common/cluster/names.ts';
import { BUILDING } from '../common/cluster/phases.ts';
import type { EntryRecord, Ownership } from '../common/cluster/record.ts';
import { isServing } from '../common/cluster/tasks.ts';
import { getOwned, loadCluster, updateCluster, type RegistryTable } from '../common/registry/registry.ts';
import { profileOf } from '../common/releases/plan.ts';

export async function prepareEntry(
  { registry, ...entry }: EntryDeps & { readonly registry: RegistryTable },
  operation: Ownership,
): Promise<{ readonly targetGroups: string[] }> {
  const record = await getOwned(registry, operation, BUILDING);
  const { ports } = profileOf(record.spec);
  const protocols: EntryProtocol[] = entry.httpsListenerArn === undefined ? ['rest'] : ['grpc', 'rest'];
  const groups = Object.fromEntries(
    await Promise.all(
      protocols.map(async (protocol) => [
        protocol,
        // A cluster that was awake before has kept its groups.
        record.entry?.targetGroups[protocol] ??
          (await ensureTargetGroup(entry, targetGroupInput(entry, record.name, protocol, ports))),
      ]),
    ),
  ) as EntryRecord['targetGroups'];
  const listeners = entryListeners(entry);
  const rules = [];
  for (const { protocol, listenerArn } of listeners) {
    const targetGroupArn = groups[protocol];
    if (targetGroupArn === undefined) continue;
    const conditions = closedConditions(record.name);
    const ruleArn = await ensureRule(entry, { listenerArn, protocol, targetGroupArn, conditions });
    rules.push({ protocol, listenerArn, ruleArn });
  }
  // Recorded before the targets: from now on the registrar adds and removes proxies by itself.
  const { generation } = operation;
  await updateCluster(registry, operation, BUILDING, { entry: { generation, targetGroups: groups, rules } });
  const { tasks } = await loadCluster(registry, record.name);
  const proxies = tasks.filter((task) => task.group === serviceGroup(record.name, 'proxy')).filter(isServing);
  if (proxies.length > 0) {
    await Promise.all(
      Object.values(groups).map((TargetGroupArn) =>
        entry.elb.send(
          new RegisterTargetsCommand({
            TargetGroupArn,
            Targets: proxies.map(({ address }) => ({ Id: address, Port: ports.client })),
          }),
        ),
      ),
    );
  }
  return { targetGroups: Object.values(groups) };
}

/** gRPC only where there is TLS; REST on every listener. */
function entryListeners({
  httpListenerArn,
  httpsListenerArn,
}: EntryDeps): { protocol: EntryProtocol; listenerArn: string }[] {
  return [
    ...(httpsListenerArn === undefined
      ? []
      : [
          { protocol: 'grpc' as const, listenerArn: httpsListenerArn },
          { protocol: 'rest' as const, listenerArn: httpsListenerArn },
        ]),
    { protocol: 'rest', listenerArn: httpListenerArn },
  ];
}
