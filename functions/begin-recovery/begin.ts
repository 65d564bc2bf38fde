/** Takes a cluster for its recovery: from here on nobody else changes it, and nothing finds its metadata by name. */
import { withCondition } from '../common/cluster/conditions.ts';
import { mayFollow } from '../common/cluster/phases.ts';
import type { ClusterRecord, Ownership } from '../common/cluster/record.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { getCluster, putCluster, type RegistryTable } from '../common/registry/registry.ts';

export async function beginRecovery(
  registry: RegistryTable,
  { cluster, owner, reason }: { readonly cluster: string; readonly owner: string; readonly reason: string },
  now: Date,
): Promise<Ownership> {
  const record = await getCluster(registry, cluster);
  if (record === undefined) throw new RedkiteError('InvalidInput', `There is no cluster ${cluster}.`);
  // The step was called twice.
  if (record.phase === 'recovering' && record.owner === owner) return { cluster, generation: record.generation };
  if (
    !mayFollow(record.phase, 'recovering') ||
    !(await putCluster(registry, recovering(record, owner, reason, now), record))
  ) {
    throw new RedkiteError('OwnershipLost', `Cluster ${cluster} is ${record.phase} and cannot be recovered now.`);
  }
  return { cluster, generation: record.generation + 1 };
}

function recovering(record: ClusterRecord, owner: string, reason: string, now: Date): ClusterRecord {
  const at = now.toISOString();
  const { failure, ...kept } = record;
  return {
    ...kept,
    phase: 'recovering',
    phaseSince: at,
    generation: record.generation + 1,
    owner,
    metadataOpen: false,
    conditions: withCondition(record.conditions, {
      type: 'MetadataReady',
      status: 'False',
      reason: 'QuorumLost',
      message: `The metadata is being restored: ${reason}.`,
      observedAt: at,
    }),
  };
}
