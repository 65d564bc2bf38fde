/**
 * Size and latency of each quorum as CloudWatch metrics: one log line in the embedded metric format, no call to CloudWatch (which
 * a function inside the VPC could not make). CloudWatch bills each metric of each cluster by the hour in which it is written, so a
 * cluster that sleeps costs nothing; what nobody would set an alarm on goes into the line as a property, which is free.
 */
import { MetricUnit, Metrics } from '@aws-lambda-powertools/metrics';
import type { AskedMember } from '../common/quorum/members.ts';
import type { ArchiveState } from '../common/registry/archive-state.ts';
import { requiredEnv } from '../common/lambda/environment.ts';

/** Single source of truth for the names of metrics, with their units. */
const UNITS = {
  /** The largest of the members. */
  DatabaseBytes: MetricUnit.Bytes,
  DatabaseBytesInUse: MetricUnit.Bytes,
  /** Of the quota at which etcd refuses every write. */
  DatabaseQuotaPercent: MetricUnit.Percent,
  /** Members that answer and know a leader. */
  MembersHealthy: MetricUnit.Count,
  /** The slowest member that answers, with its connection. */
  StatusMilliseconds: MetricUnit.Milliseconds,
  ArchiveAgeSeconds: MetricUnit.Seconds,
  /** What a total loss of the quorum would cost now. */
  UnshippedSeconds: MetricUnit.Seconds,
  /** 1 or 0. */
  ShippingFailed: MetricUnit.Count,
} as const;

export const METRIC_NAMES = Object.keys(UNITS) as readonly (keyof typeof UNITS)[];

export type Measurements = Readonly<Partial<Record<keyof typeof UNITS, number>>>;
export type Properties = Readonly<Record<string, string>>;
export type Publish = (cluster: string, measurements: Measurements, properties?: Properties) => void;

export const publishMetrics: Publish = (cluster, measurements, properties = {}) => {
  const metrics = new Metrics({ namespace: `Redkite/${requiredEnv('STAGE')}`, singleMetric: false });
  metrics.addDimension('Cluster', cluster);
  for (const [name, value] of Object.entries(measurements)) {
    metrics.addMetric(name, UNITS[name as keyof typeof UNITS], value);
  }
  for (const [name, value] of Object.entries(properties)) metrics.addMetadata(name, value);
  metrics.publishStoredMetrics();
};

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
