/**
 * Takes a Milvus role whose task has ended out of its cluster's service discovery.
 *
 * A role that dies without a word stays registered until its lease runs out. Until then the query coordinator sends searches to
 * a query node that is gone, and the successor of a coordinator waits at the key of the one before it. ECS knows sooner: the
 * registrar hands the end of each task here, inside the VPC, where etcd can be reached. Leases can be long therefore
 * (common/releases/profiles.ts), so that no role is taken for dead because a member of etcd stood still.
 */
import { memberEndpoints } from '../common/keeping/connect.ts';
import { withEtcd } from '../common/keeping/with-etcd.ts';
import { isStopped, type TaskObservation } from '../common/cluster/tasks.ts';
import { isEtcdError, prefixEnd, type EtcdClient } from '../common/etcd/client.ts';
import { leasesAt, sessionsOf } from '../common/milvus/sessions.ts';
import { loadCluster, type RegistryTable } from '../common/registry/registry.ts';

const TIMEOUT_MS = 5_000;

export interface EndedTask {
  readonly cluster: string;
  readonly taskId: string;
  /** Private IPv4 address that it had. */
  readonly address: string;
}

export interface Retired {
  /** Of leases that were revoked, and the sessions with them. */
  readonly retired: number;
  readonly reason: string;
}

/**
 * Throws MetadataUnreachable when no member answers: Lambda asks again, and the lease runs out anyway. `endpointsOf`: host:port of
 * the members that run.
 */
export async function retireSession(
  registry: RegistryTable,
  ended: EndedTask,
  endpointsOf: typeof memberEndpoints = memberEndpoints,
): Promise<Retired> {
  const { record, tasks } = await loadCluster(registry, ended.cluster);
  if (record === undefined) return { retired: 0, reason: `there is no cluster ${ended.cluster}` };
  if (isTaken(ended, tasks)) return { retired: 0, reason: `${ended.address} belongs to another task by now` };
  const work = {
    endpoints: endpointsOf(record, tasks),
    timeoutMs: TIMEOUT_MS,
    nobody: 'No member of the quorum runs.',
    failed: 'The session could not be ended',
  };
  return withEtcd(work, async (etcd) => {
    const key = sessionsOf(ended.cluster);
    const { kvs } = await etcd.range({ key, rangeEnd: prefixEnd(key) });
    const leases = leasesAt(ended.address, kvs);
    await Promise.all(leases.map((lease) => revoke(etcd, lease)));
    return leases.length === 0
      ? { retired: 0, reason: `no session of ${ended.address} was left` }
      : { retired: leases.length, reason: `the session of ${ended.address} has ended with its task` };
  });
}

/** Each event of a task that goes is shown, so another call may have been here. */
async function revoke(etcd: EtcdClient, lease: string): Promise<void> {
  try {
    await etcd.leaseRevoke(lease);
  } catch (error) {
    if (!isEtcdError(error) || error.kind !== 'lease-not-found') throw error;
  }
}

/** A new task may get the address of an old one. Should its event come later than this, its process ends, and ECS starts another. */
function isTaken({ taskId, address }: EndedTask, tasks: readonly TaskObservation[]): boolean {
  return tasks.some((task) => task.taskId !== taskId && task.address === address && !isStopped(task));
}
