/** Size and latency of each quorum, of one look at its members. */
import type { AskedMember } from '../common/quorum/members.ts';
import type { ArchiveState } from '../common/registry/archive-state.ts';
import type { Measurements as Measured, Properties } from '../common/lambda/metrics.ts';

export type Measurements = Measured<'cluster'>;
export type Publish = (cluster: string, measurements: Measurements, properties?: Properties) => void;

/** Of what the members answered at one look; without an answer there is nothing to say of the database. */
export function measureQuorum(
  asked: readonly AskedMember[],
  archived: ArchiveState | undefined,
  now: number,
): [Measurements, Properties] {
  const answers = asked.flatMap((member) => ('answer' in member ? [member.answer] : []));
  const largest = answers.map(({ storage }) => storage).toSorted((a, b) => b.dbSize - a.dbSize)[0];
  return [
    {
      MembersHealthy: answers.filter(({ status }) => status.leader !== '0').length,
      ...(largest === undefined
        ? {}
        : {
            DatabaseBytes: largest.dbSize,
            DatabaseBytesInUse: largest.dbSizeInUse,
            StatusMilliseconds: Math.max(...answers.map(({ statusMs }) => statusMs)),
          }),
      ...(largest === undefined || largest.dbSizeQuota === 0
        ? {}
        : { DatabaseQuotaPercent: (100 * largest.dbSize) / largest.dbSizeQuota }),
      ...(archived === undefined
        ? {}
        : { ArchiveAgeSeconds: Math.max(0, now - Date.parse(archived.archive.createdAt)) / 1_000 }),
    },
    {
      ...(answers.length === 0
        ? {}
        : { revision: String(Math.max(...answers.map(({ storage }) => storage.revision))) }),
      ...(archived === undefined ? {} : { archivedKeys: String(archived.archive.keys) }),
    },
  ];
}
