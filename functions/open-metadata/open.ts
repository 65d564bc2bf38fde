/**
 * Opens the gate of decision 3: from here on the metadata can be found by name. The record says "open" first: a member
 * that moves in the same moment is then put under the name by the registrar.
 */
import { registerAddress, type Namespace } from '../common/aws/discovery.ts';
import { parseTaskGroup } from '../common/cluster/names.ts';
import { BUILDING } from '../common/cluster/phases.ts';
import type { Ownership } from '../common/cluster/record.ts';
import { isServing } from '../common/cluster/tasks.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { loadCluster, updateCluster, type RegistryTable } from '../common/registry/registry.ts';
import { memberInstanceId } from '../register-task/decide.ts';

/**
 * Throws MemberLost, after it opened the name for the others, when a member was lost since the last look; the machine has it
 * replaced. From then on the registrar does.
 */
export async function openMetadata(
  { registry, namespace }: { registry: RegistryTable; namespace: Namespace },
  operation: Ownership,
): Promise<{ readonly addresses: string[] }> {
  await updateCluster(registry, operation, BUILDING, { metadataOpen: true });
  const { record, tasks } = await loadCluster(registry, operation.cluster);
  const metadata = record?.discovery?.metadata;
  if (record === undefined || metadata === undefined)
    throw new Error(`Cluster ${operation.cluster} has no metadata name.`);
  const members = tasks.filter(isServing).flatMap(({ group, address }) => {
    const part = parseTaskGroup(group);
    return part?.kind === 'member' ? [{ ordinal: part.ordinal, address }] : [];
  });
  await Promise.all(
    members.map(({ ordinal, address }) => registerAddress(namespace, metadata, memberInstanceId(ordinal), address)),
  );
  const wanted = record.spec.metadata.members;
  if (members.length < wanted) {
    throw new RedkiteError('MemberLost', `Only ${members.length} of ${wanted} members run, though all were healthy.`);
  }
  return { addresses: members.map(({ address }) => address) };
}
