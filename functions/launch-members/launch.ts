/**
 * Asks ECS for the members of a new quorum that do not run yet. Asking twice is harmless: a member that runs is left
 * alone, and RunTask's client token makes a repeated request find the first one's task.
 */
import { RegisterTaskDefinitionCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { ensureHost, type Namespace } from '../common/aws/discovery.ts';
import type { Placement } from '../common/aws/placement.ts';
import { observeGroups, type TaskSource } from '../common/aws/tasks.ts';
import { memberGroup, memberHost, memberStartedBy, metadataHost, quorumToken } from '../common/cluster/names.ts';
import type { ClusterRecord, DiscoveryRecord, Ownership } from '../common/cluster/record.ts';
import { isStopped } from '../common/cluster/tasks.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { getOwned, updateCluster, type RegistryTable } from '../common/registry/registry.ts';
import { memberTaskDefinition } from './task-definition.ts';

export interface LaunchMembersDeps {
  readonly registry: RegistryTable;
  readonly source: TaskSource;
  readonly namespace: Namespace;
  readonly namespaceName: string;
  readonly placement: Placement;
  readonly image: string;
}

export async function launchMembers(deps: LaunchMembersDeps, operation: Ownership): Promise<{ launched: number[] }> {
  const record = await getOwned(deps.registry, operation, ['creating']);
  const ordinals = Array.from({ length: record.spec.metadata.members }, (_, ordinal) => ordinal);
  const running = await observeGroups(
    deps.source,
    ordinals.map((ordinal) => memberGroup(record.name, ordinal)),
  );
  const missing = ordinals.filter(
    (ordinal) => !running.some((task) => task.group === memberGroup(record.name, ordinal) && !isStopped(task)),
  );
  // The registrar needs the ids of the names as soon as the first task has an address.
  const discovery = await ensureNames(deps.namespace, record, ordinals);
  await updateCluster(deps.registry, operation, ['creating'], { discovery });
  await Promise.all(missing.map((ordinal) => launchMember(deps, record, ordinal)));
  return { launched: missing };
}

async function ensureNames(namespace: Namespace, record: ClusterRecord, ordinals: number[]): Promise<DiscoveryRecord> {
  const [metadata, ...members] = await Promise.all([
    ensureHost(namespace, metadataHost(record.name)),
    ...ordinals.map((ordinal) => ensureHost(namespace, memberHost(record.name, ordinal))),
  ]);
  return { metadata, members };
}

async function launchMember(deps: LaunchMembersDeps, record: ClusterRecord, ordinal: number): Promise<void> {
  const { source, placement } = deps;
  const token = quorumToken(record.name, record.generation);
  const { taskDefinition } = await source.ecs.send(
    new RegisterTaskDefinitionCommand(
      memberTaskDefinition(placement, {
        cluster: record.name,
        ordinal,
        members: record.spec.metadata.members,
        namespace: deps.namespaceName,
        token,
        image: deps.image,
      }),
    ),
  );
  const { failures = [] } = await source.ecs.send(
    new RunTaskCommand({
      cluster: source.ecsCluster,
      taskDefinition: taskDefinition?.taskDefinitionArn,
      count: 1,
      launchType: 'FARGATE',
      networkConfiguration: placement.network,
      group: memberGroup(record.name, ordinal),
      startedBy: memberStartedBy(record.name),
      clientToken: `${token}-${ordinal}`,
      propagateTags: 'TASK_DEFINITION',
    }),
  );
  const failure = failures[0];
  if (failure !== undefined) {
    throw new RedkiteError(
      'MemberFailedToStart',
      `ECS did not start etcd-${ordinal}: ${failure.reason ?? 'no reason'} ${failure.detail ?? ''}`.trim(),
    );
  }
}
