/**
 * Where the tasks of the given groups are now, for the functions in the VPC, which cannot ask ECS. Used after a probe
 * that was not ready: a task may have been replaced meanwhile. Throws QuorumLost where waiting for roles is in vain.
 */
import type { TaskSource } from '../common/aws/tasks.ts';
import { observeGroups } from '../common/aws/tasks.ts';
import { memberGroups, parseTaskGroup } from '../common/cluster/names.ts';
import { isServing } from '../common/cluster/tasks.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { getCluster, type RegistryTable } from '../common/registry/registry.ts';
import { lossOfQuorum, standsOnQuorum } from './lost.ts';

export interface ListDeps {
  readonly registry: RegistryTable;
  readonly source: TaskSource;
}

export interface Want {
  readonly group: string;
}

export async function listAddresses({ registry, source }: ListDeps, wants: readonly Want[]) {
  const groups = wants.map(({ group }) => group);
  const [tasks] = await Promise.all([observeGroups(source, groups), refuseWithoutQuorum({ registry, source }, wants)]);
  const serving = tasks.filter(isServing);
  return {
    groups: wants.map(({ group }) => ({
      group,
      addresses: serving.filter((task) => task.group === group).map(({ address }) => address),
    })),
  };
}

/** Only roles stand on a quorum; who asks for members is about to care for them. */
async function refuseWithoutQuorum({ registry, source }: ListDeps, wants: readonly Want[]): Promise<void> {
  const parts = wants.map(({ group }) => parseTaskGroup(group));
  const cluster = parts.find((part) => part?.kind === 'role')?.cluster;
  if (cluster === undefined) return;
  const record = await getCluster(registry, cluster);
  if (record === undefined || !standsOnQuorum(record)) return;
  const members = await observeGroups(source, memberGroups(cluster, record.spec.metadata.members));
  const loss = lossOfQuorum(record, members);
  if (loss !== undefined) throw new RedkiteError('QuorumLost', `Milvus waits in vain: ${loss}.`);
}
