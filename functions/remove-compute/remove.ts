/**
 * Ends every task of a cluster and takes its names back. Returns the groups whose tasks must be gone, for the barrier
 * that waits for it. What is not there any more is fine: the step may run twice.
 */
import { DeleteServiceCommand } from '@aws-sdk/client-ecs';
import { deregisterAll, removeHost, type Namespace } from '../common/aws/discovery.ts';
import { stopGroups, type TaskSource } from '../common/aws/tasks.ts';
import { memberGroups, serviceGroup, serviceName } from '../common/cluster/names.ts';
import type { Ownership } from '../common/cluster/record.ts';
import { hasName } from '../common/lambda/errors.ts';
import { getOwned, type RegistryTable } from '../common/registry/registry.ts';
import { planRoles } from '../common/releases/plan.ts';

export interface RemoveDeps {
  readonly registry: RegistryTable;
  readonly source: TaskSource;
  readonly namespace: Namespace;
}

export async function removeCompute(
  { registry, source, namespace }: RemoveDeps,
  operation: Ownership,
): Promise<{ readonly wants: { readonly group: string; readonly count: 0 }[] }> {
  const { name, spec, discovery } = await getOwned(registry, operation, ['creating'], 'retreat');
  const roles = planRoles(spec).map(({ role }) => role);
  const members = memberGroups(name, spec.metadata.members);
  await Promise.all(roles.map((role) => deleteService(source, serviceName(name, role))));
  await stopGroups(source, members, `redkite: ${name} is removed`);
  if (discovery !== undefined) {
    await Promise.all(
      [discovery.metadata, ...discovery.members].map(async (serviceId) => {
        await deregisterAll(namespace, serviceId);
        await removeHost(namespace, serviceId);
      }),
    );
  }
  return {
    wants: [...members, ...roles.map((role) => serviceGroup(name, role))].map((group) => ({ group, count: 0 })),
  };
}

async function deleteService({ ecs, ecsCluster }: TaskSource, service: string): Promise<void> {
  try {
    await ecs.send(new DeleteServiceCommand({ cluster: ecsCluster, service, force: true }));
  } catch (error) {
    if (!hasName(error, 'ServiceNotFoundException', 'ServiceNotActiveException')) throw error;
  }
}
