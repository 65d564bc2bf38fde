/**
 * Asks ECS for the members of a new quorum that do not run yet, and for single members that take the place of lost ones.
 *
 * No second "new" quorum can form. A member's process with state `new` is started at most once in a generation: the client
 * token of its RunTask is the cluster, the generation and the ordinal, and ECS starts nothing twice under one token (for
 * 24 hours; an operation takes minutes). All of one generation know the same peers and the same initial-cluster-token, so
 * they have one cluster id, and a majority of them can be found only once; those of another generation have another id
 * and are refused by the peers. A member whose task died after its start is therefore never started as `new` again: its
 * token is used up (MemberLost). Whether a quorum exists that can take it back is decided where every member is replaced
 * (common/quorum/assess): remove it, add it as a learner, start it with state `existing`; or there is none, and the create
 * fails and may be tried again under the next generation.
 */
import { RegisterTaskDefinitionCommand, RunTaskCommand, type Task } from '@aws-sdk/client-ecs';
import { ensureHost, type Namespace } from '../common/aws/discovery.ts';
import type { Placement } from '../common/aws/placement.ts';
import { observeGroups, type TaskSource } from '../common/aws/tasks.ts';
import { memberGroup, memberHost, memberStartedBy, metadataHost, quorumToken } from '../common/cluster/names.ts';
import { BUILDING } from '../common/cluster/phases.ts';
import type { ClusterRecord, DiscoveryRecord, Ownership } from '../common/cluster/record.ts';
import { isStopped } from '../common/cluster/tasks.ts';
import { RedkiteError, hasName } from '../common/lambda/errors.ts';
import { getOwned, updateCluster, type RegistryTable } from '../common/registry/registry.ts';
import { initialMembers, memberTaskDefinition, type MemberInput } from './task-definition.ts';

export interface TaskLauncher {
  readonly source: TaskSource;
  readonly placement: Placement;
}

export interface LaunchMembersDeps extends TaskLauncher {
  readonly registry: RegistryTable;
  readonly namespace: Namespace;
  readonly namespaceName: string;
  readonly image: string;
}

export interface LaunchedMembers {
  readonly launched: readonly number[];
}

/** Throws MemberLost when the one task that a member may have in this generation is gone already; the others run then. */
export async function launchMembers(deps: LaunchMembersDeps, operation: Ownership): Promise<LaunchedMembers> {
  const record = await getOwned(deps.registry, operation, BUILDING);
  const { members } = record.spec.metadata;
  const ordinals = Array.from({ length: members }, (_, ordinal) => ordinal);
  const running = await runningOrdinals(deps.source, record, ordinals);
  // The registrar needs the ids of the names as soon as the first task has an address.
  const discovery = record.discovery ?? (await ensureNames(deps.namespace, record, ordinals));
  await updateCluster(deps.registry, operation, BUILDING, { discovery });
  const token = quorumToken(record.name, record.generation);
  const launches = await Promise.all(
    ordinals
      .filter((ordinal) => !running.has(ordinal))
      .map(async (ordinal) => ({
        ordinal,
        answer: await launchTask(
          deps,
          {
            cluster: record.name,
            ordinal,
            namespace: deps.namespaceName,
            token,
            state: 'new',
            initialCluster: initialMembers(record.name, members, deps.namespaceName),
            image: deps.image,
          },
          `${token}-${ordinal}`,
        ),
      })),
  );
  // The token may be known because this very step was called twice: then the task runs by now.
  const known = launches.filter(({ answer }) => answer !== 'launched').map(({ ordinal }) => ordinal);
  const runningNow = known.length === 0 ? running : await runningOrdinals(deps.source, record, known);
  const spent = known.filter((ordinal) => !runningNow.has(ordinal));
  if (spent.length > 0) {
    const names = spent.map((ordinal) => `etcd-${ordinal}`).join(', ');
    throw new RedkiteError('MemberLost', `The task of ${names} has stopped after its start.`);
  }
  return { launched: launches.filter(({ answer }) => answer === 'launched').map(({ ordinal }) => ordinal) };
}

async function runningOrdinals(
  source: TaskSource,
  { name }: ClusterRecord,
  ordinals: readonly number[],
): Promise<Set<number>> {
  const tasks = await observeGroups(
    source,
    ordinals.map((ordinal) => memberGroup(name, ordinal)),
  );
  return new Set(
    ordinals.filter((ordinal) => tasks.some((task) => task.group === memberGroup(name, ordinal) && !isStopped(task))),
  );
}

async function ensureNames(namespace: Namespace, record: ClusterRecord, ordinals: number[]): Promise<DiscoveryRecord> {
  const [metadata, ...members] = await Promise.all([
    ensureHost(namespace, metadataHost(record.name)),
    ...ordinals.map((ordinal) => ensureHost(namespace, memberHost(record.name, ordinal))),
  ]);
  return { metadata, members };
}

/**
 * `known`: the token has been used, by a task that may run or be gone. (A repeated request has another revision of the
 * task definition, so ECS calls it a conflict instead of returning the first one's task.)
 */
export async function launchTask(
  { source, placement }: TaskLauncher,
  member: MemberInput,
  clientToken: string,
): Promise<'launched' | 'known'> {
  const { taskDefinition } = await source.ecs.send(
    new RegisterTaskDefinitionCommand(memberTaskDefinition(placement, member)),
  );
  try {
    const { failures = [], tasks = [] } = await source.ecs.send(
      new RunTaskCommand({
        cluster: source.ecsCluster,
        taskDefinition: taskDefinition?.taskDefinitionArn,
        count: 1,
        launchType: 'FARGATE',
        networkConfiguration: placement.network,
        group: memberGroup(member.cluster, member.ordinal),
        startedBy: memberStartedBy(member.cluster),
        clientToken,
        propagateTags: 'TASK_DEFINITION',
      }),
    );
    const failure = failures[0];
    if (failure !== undefined) {
      throw new RedkiteError(
        'MemberFailedToStart',
        `ECS did not start etcd-${member.ordinal}: ${failure.reason ?? 'no reason'} ${failure.detail ?? ''}`.trim(),
      );
    }
    return tasks.some(hasEnded) ? 'known' : 'launched';
  } catch (error) {
    if (hasName(error, 'ConflictException')) return 'known';
    throw error;
  }
}

const hasEnded = ({ lastStatus }: Task) => lastStatus === 'STOPPED';
