/** Takes a cluster for its recovery: from here on nobody else changes it, and nothing finds its metadata by name. */
import { withCondition } from '../common/cluster/conditions.ts';
import { mayFollow } from '../common/cluster/phases.ts';
import type { ClusterRecord, Ownership, RestorationRecord } from '../common/cluster/record.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { getCluster, putCluster, type RegistryTable } from '../common/registry/registry.ts';

export interface BeginRecoveryInput {
  readonly cluster: string;
  readonly owner: string;
  readonly reason: string;
  /** Set when people chose what to go back to. */
  readonly restoration?: Omit<RestorationRecord, 'at'> | undefined;
}

export async function beginRecovery(
  registry: RegistryTable,
  { cluster, owner, reason, restoration }: BeginRecoveryInput,
  now: Date,
): Promise<Ownership> {
  const record = await getCluster(registry, cluster);
  if (record === undefined) throw new RedkiteError('InvalidInput', `There is no cluster ${cluster}.`);
  // The step was called twice.
  if (isOurs(record, owner)) return { cluster, generation: record.generation };
  if (mayFollow(record.phase, 'recovering')) {
    if (await putCluster(registry, recovering(record, { owner, reason, restoration }, now), record)) {
      return { cluster, generation: record.generation + 1 };
    }
    // A write whose answer got lost is sent again by the client, and then finds itself in its way.
    const present = await getCluster(registry, cluster);
    if (present !== undefined && isOurs(present, owner)) return { cluster, generation: present.generation };
  }
  throw new RedkiteError('OwnershipLost', `Cluster ${cluster} is ${record.phase} and cannot be recovered now.`);
}

const isOurs = (record: ClusterRecord, owner: string) => record.phase === 'recovering' && record.owner === owner;

function recovering(
  record: ClusterRecord,
  { owner, reason, restoration }: Omit<BeginRecoveryInput, 'cluster'>,
  now: Date,
): ClusterRecord {
  const at = now.toISOString();
  const { failure, ...kept } = record;
  return {
    ...kept,
    ...(restoration === undefined ? {} : { restoration: withUndo({ ...restoration, at }, record) }),
    phase: 'recovering',
    phaseSince: at,
    generation: record.generation + 1,
    owner,
    metadataOpen: false,
    conditions: withCondition(record.conditions, {
      type: 'MetadataReady',
      status: 'False',
      reason: restoration === undefined ? 'QuorumLost' : 'Restoring',
      message: `The metadata is being restored: ${reason}.`,
      observedAt: at,
    }),
  };
}

/** A restore that died left nothing to archive: the state before it is the one that the attempt before has archived. */
function withUndo(restoration: RestorationRecord, { phase, restoration: before }: ClusterRecord): RestorationRecord {
  const undo = restoration.undo ?? (phase === 'failed' ? before?.undo : undefined);
  return undo === undefined ? restoration : { ...restoration, undo };
}
