/**
 * Starts the one task of a member that the quorum has added as a learner. Its client token carries the member id: asked
 * for twice it starts once, and a member whose task is gone is never started again (it has to be added again, under
 * another id).
 */
import { observeGroups } from '../common/aws/tasks.ts';
import { memberGroup, quorumToken } from '../common/cluster/names.ts';
import { isStopped } from '../common/cluster/tasks.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { memberTasks } from '../common/quorum/observation.ts';
import { mayReplaceMembers } from '../common/quorum/responsible.ts';
import { imageToLaunch } from '../common/quorum/upgrade.ts';
import { tellDegraded } from '../common/registry/condition.ts';
import { lockIn, setJoining } from '../common/registry/lock.ts';
import { loadCluster, type RegistryTable } from '../common/registry/registry.ts';
import { launchTask, type TaskLauncher } from '../launch-members/launch.ts';

export interface LaunchMemberDeps extends TaskLauncher {
  readonly registry: RegistryTable;
  readonly namespaceName: string;
  readonly image: string;
}

export interface LaunchMemberInput {
  readonly cluster: string;
  readonly owner: string;
  readonly ordinal: number;
  readonly memberId: string;
  readonly initialCluster: string;
  readonly spent: readonly string[];
  /** Why, for the people who look at the cluster until the member is there. */
  readonly degraded: string;
}

export interface LaunchedMember {
  /** The tasks to wait for. */
  readonly wants: readonly { readonly group: string; readonly count: number }[];
  readonly launched: boolean;
  /** Members whose one task is gone, for the assessments that follow. */
  readonly spent: readonly string[];
}

export async function launchMember(
  deps: LaunchMemberDeps,
  { cluster, owner, ordinal, memberId, initialCluster, spent, degraded }: LaunchMemberInput,
  now: Date,
): Promise<LaunchedMember> {
  const { record, tasks, items } = await loadCluster(deps.registry, cluster);
  // The lock alone does not keep a clean-up away, which takes everything down.
  if (record === undefined || !mayReplaceMembers(record, record.generation)) {
    throw new RedkiteError(
      'OwnershipLost',
      `The cluster ${cluster} is ${record?.phase ?? 'gone'}: nothing is started for it.`,
    );
  }
  const staying = memberTasks(cluster, record.spec.metadata.members, tasks).filter(({ state }) => state !== 'stopping');
  // Before it has an address: the registrar keeps a learner, which refuses most requests, out of the metadata name.
  await setJoining(deps.registry, cluster, owner, [...new Set([...(lockIn(items)?.joining ?? []), ordinal])]);
  const [answer] = await Promise.all([
    launchTask(
      deps,
      {
        cluster,
        ordinal,
        namespace: deps.namespaceName,
        token: quorumToken(cluster, record.generation),
        state: 'existing',
        initialCluster,
        image: imageToLaunch(
          deps.image,
          staying.flatMap(({ image }) => image ?? []),
        ),
      },
      `${cluster}-${ordinal}-${memberId}`,
    ),
    tellDegraded(deps.registry, record, degraded, now),
  ]);
  const group = memberGroup(cluster, ordinal);
  const launched =
    answer === 'launched' || (await observeGroups(deps.source, [group])).some((task) => !isStopped(task));
  return { wants: [{ group, count: 1 }], launched, spent: launched ? spent : [...spent, memberId] };
}
