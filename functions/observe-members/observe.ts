/**
 * The first step of each round of replace-member: is it our turn, and which tasks are there? Runs outside the VPC; what
 * etcd itself says is added inside (assess-quorum).
 */
import type { TaskSource } from '../common/aws/tasks.ts';
import { memberGroups, memberPeerUrl } from '../common/cluster/names.ts';
import type { Phase } from '../common/cluster/phases.ts';
import { settleTasks } from '../common/cluster/settle-tasks.ts';
import { memberTasks, type QuorumTasks } from '../common/quorum/observation.ts';
import { isOutdated } from '../common/quorum/upgrade.ts';
import { mayRecover, mayReplaceMembers } from '../common/quorum/responsible.ts';
import { tellDegraded } from '../common/registry/condition.ts';
import { dropLock, takeLock } from '../common/registry/lock.ts';
import { loadCluster, type RegistryTable } from '../common/registry/registry.ts';

export interface ObserveMembersDeps {
  readonly registry: RegistryTable;
  readonly source: TaskSource;
  readonly namespaceName: string;
  /** Of the members that are started now. */
  readonly image: string;
}

export interface ObserveMembersInput {
  readonly cluster: string;
  /** The execution. */
  readonly owner: string;
  /** Set when a lost quorum is looked for. */
  readonly recovery?: boolean | undefined;
  /** Set when this is part of a create. */
  readonly generation?: number | undefined;
  readonly retire: readonly string[];
  /** Every member that is not made as members are made now is to be replaced as well. */
  readonly upgrade?: boolean | undefined;
  /** What the round before found, for the people who look at the cluster meanwhile. */
  readonly degraded?: string | undefined;
}

/** `theirs`: another execution works on these members. `over`: the cluster is not to be worked on (any more). */
export type ObservedMembers =
  | { readonly turn: 'theirs' | 'over'; readonly reason: string }
  | { readonly turn: 'ours'; readonly reason: string; readonly phase: Phase; readonly observed: QuorumTasks };

export async function observeMembers(
  { registry, source, namespaceName, image }: ObserveMembersDeps,
  { cluster, owner, generation, retire, upgrade = false, degraded, recovery = false }: ObserveMembersInput,
  now: Date,
): Promise<ObservedMembers> {
  if ((await takeLock(registry, cluster, owner, now)) === 'theirs') {
    return { turn: 'theirs', reason: 'another execution works on the members; it will look again' };
  }
  // After the lock: a sleep that begins now sees the lock, or its phase is seen here (begin-sleep).
  const { record, tasks } = await loadCluster(registry, cluster);
  if (record === undefined || !(recovery ? mayRecover(record, owner) : mayReplaceMembers(record, generation))) {
    await dropLock(registry, cluster, owner);
    return {
      turn: 'over',
      reason: record === undefined ? `there is no cluster ${cluster}` : `the cluster is ${record.phase}`,
    };
  }
  if (degraded !== undefined) await tellDegraded(registry, record, degraded, now);
  const groups = memberGroups(cluster, record.spec.metadata.members);
  const known = await settleTasks({ registry, source }, cluster, groups, tasks, now);
  const members = memberTasks(cluster, record.spec.metadata.members, known);
  const outdated = upgrade ? known.filter((task) => isOutdated(task, image)) : [];
  return {
    turn: 'ours',
    phase: record.phase,
    reason: `${members.length} task(s) of ${record.spec.metadata.members} member(s)`,
    observed: {
      peerUrls: Array.from({ length: record.spec.metadata.members }, (_, ordinal) =>
        memberPeerUrl(cluster, ordinal, namespaceName),
      ),
      tasks: members,
      retire: [...retire, ...outdated.map(({ taskId }) => taskId)],
    },
  };
}
