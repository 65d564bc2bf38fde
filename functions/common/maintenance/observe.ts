/** What a decision about maintenance is made from, put together from what the members and the registry say. */
import { readHistory } from '../archive/own-keys.ts';
import type { Alarm, EtcdClient } from '../etcd/client.ts';
import { isEtcdError } from '../etcd/errors.ts';
import type { Decision } from '../quorum/assess.ts';
import { bestList, type AskedMember } from '../quorum/members.ts';
import type { ArchiveState } from '../registry/archive-state.ts';
import type { MaintenanceState } from '../registry/maintenance-state.ts';
import { ETCD } from '../releases/profiles.ts';
import type { MaintainedMember, MaintenanceObservation } from './decide.ts';

export interface CatalogFacts {
  readonly alarms: readonly Alarm[];
  /** Zero while CORRUPT is raised: then nobody may read. */
  readonly revision: number;
  readonly history: string | undefined;
}

export async function readFacts(etcd: EtcdClient): Promise<CatalogFacts> {
  const alarms = await etcd.alarms();
  try {
    return { alarms, ...(await readHistory(etcd)) };
  } catch (error) {
    if (!isEtcdError(error, 'corrupt')) throw error;
    return { alarms, revision: 0, history: undefined };
  }
}

export interface ObservedParts {
  readonly asked: readonly AskedMember[];
  /** What the members themselves need next (common/quorum/assess). */
  readonly quorum: Decision;
  readonly facts: CatalogFacts;
  readonly archive: ArchiveState | undefined;
  readonly done: MaintenanceState;
  /** By member id. */
  readonly hashes?: ReadonlyMap<string, string>;
}

export function maintenanceObservation(parts: ObservedParts): MaintenanceObservation {
  const { asked, quorum, facts, archive, done, hashes } = parts;
  return {
    quorum: { state: stateOf(quorum), reason: quorum.reason },
    members: maintainedMembers(asked, hashes),
    ...facts,
    shipped:
      archive?.point == null
        ? undefined
        : {
            history: archive.point.history,
            revision: archive.point.revision,
            archivedAt: Date.parse(archive.archive.createdAt),
          },
    done,
  };
}

function stateOf({ action }: Decision): MaintenanceObservation['quorum']['state'] {
  if (action.kind === 'none') return 'healthy';
  return action.kind === 'wait' ? 'changing' : 'broken';
}

function maintainedMembers(
  asked: readonly AskedMember[],
  hashes: ReadonlyMap<string, string> = new Map(),
): MaintainedMember[] {
  const listed = bestList(asked)?.members ?? [];
  return asked.flatMap((member) => {
    if (!('answer' in member) || member.answer.status.isLearner) return [];
    const { memberId, address, leader } = member.answer.status;
    const { dbSize, dbSizeInUse, dbSizeQuota } = member.answer.storage;
    return [
      {
        ...{ memberId, address, dbSize, dbSizeInUse },
        name: listed.find(({ id }) => id === memberId)?.name ?? memberId,
        leads: leader === memberId,
        // etcd tells its quota from 3.6 on.
        quota: dbSizeQuota === 0 ? ETCD.quotaBytes : dbSizeQuota,
        hash: hashes.get(memberId),
      },
    ];
  });
}
