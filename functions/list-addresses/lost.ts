/**
 * Whether the quorum that Milvus starts on is gone. A cluster that is built up belongs to its own machine, so nobody else may
 * restore it meanwhile: the roles would be waited for until the machine's own deadline, minutes later. Pure.
 */
import { memberGroups } from '../common/cluster/names.ts';
import { isBuilding } from '../common/cluster/phases.ts';
import type { ClusterRecord } from '../common/cluster/record.ts';
import { isServing, type TaskObservation } from '../common/cluster/tasks.ts';
import { quorumOf } from '../common/quorum/observation.ts';

/** Before its metadata is open the bootstrap is in charge, and replaces members itself. */
export const standsOnQuorum = ({ phase, metadataOpen }: Pick<ClusterRecord, 'phase' | 'metadataOpen'>): boolean =>
  metadataOpen && isBuilding(phase);

/** Why it is, or undefined. A member whose task ended has lost its data, so a majority of them has lost it for good. */
export function lossOfQuorum(record: ClusterRecord, tasks: readonly TaskObservation[]): string | undefined {
  if (!standsOnQuorum(record)) return undefined;
  const { members } = record.spec.metadata;
  const groups = memberGroups(record.name, members);
  const running = new Set(tasks.filter(isServing).map(({ group }) => group));
  const left = groups.filter((group) => running.has(group)).length;
  return left >= quorumOf(members) ? undefined : `${left} of ${members} etcd members are left`;
}
