/**
 * Metrics as log lines in the embedded metric format: no call to CloudWatch, which a function inside the VPC could not make.
 * CloudWatch bills a metric by the hour in which it is written, so what sleeps writes none; what nobody would set an alarm on goes
 * into the line as a property, which is free.
 */
import { MetricUnit, Metrics } from '@aws-lambda-powertools/metrics';
import type { Phase } from '../cluster/phases.ts';
import { requiredEnv } from './environment.ts';

/** Single source of truth for the names of metrics, with their units. Alarms and the dashboard are held against it by a test. */
export const METRICS = {
  /** Of one cluster (dimension `Cluster`), each minute while it is awake. */
  cluster: {
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
  },
  /** Of all clusters of the stage together, each minute while one of them is not asleep: alarms cannot know names of clusters. */
  fleet: {
    ClustersAwake: MetricUnit.Count,
    ClustersFailed: MetricUnit.Count,
    /** In a phase that an execution owns, for longer than that execution should take. */
    ClustersStuck: MetricUnit.Count,
    /** Awake, and could not be looked at. */
    ClustersUnwatched: MetricUnit.Count,
    /** Awake, and their changes did not get to S3 this minute. */
    ClustersUnshipped: MetricUnit.Count,
    /** Of the cluster that lacks most. */
    MembersMissing: MetricUnit.Count,
    /** Clusters in which less than a majority is healthy. */
    QuorumsLost: MetricUnit.Count,
    /** Of the cluster whose archive is oldest, whose changes wait longest, whose database is fullest. */
    OldestArchiveSeconds: MetricUnit.Seconds,
    LongestUnshippedSeconds: MetricUnit.Seconds,
    FullestDatabasePercent: MetricUnit.Percent,
  },
  /** Of one stay in a phase that an execution owns (dimension `Phase`), when it is over. */
  phase: {
    /** Of a stay that ended where it should: awake, or asleep. */
    PhaseSeconds: MetricUnit.Seconds,
    /** 1 or 0. */
    PhaseFailed: MetricUnit.Count,
  },
} as const;

export type Measurements<Of extends keyof typeof METRICS> = Readonly<
  Partial<Record<keyof (typeof METRICS)[Of], number>>
>;
export type Properties = Readonly<Record<string, string>>;

export const publishOfCluster = (cluster: string, measured: Measurements<'cluster'>, properties?: Properties) => {
  publish({ Cluster: cluster }, METRICS.cluster, measured, properties);
};
export const publishOfFleet = (measured: Measurements<'fleet'>, properties?: Properties) => {
  publish({}, METRICS.fleet, measured, properties);
};
export const publishOfPhase = (phase: Phase, measured: Measurements<'phase'>, properties?: Properties) => {
  publish({ Phase: phase }, METRICS.phase, measured, properties);
};

/** The library adds a dimension of its own, `service`, with the name that the functions have in their logs (serverless.yml). */
function publish<Name extends string>(
  dimensions: Readonly<Record<string, string>>,
  units: Readonly<Record<Name, (typeof MetricUnit)[keyof typeof MetricUnit]>>,
  measured: Readonly<Partial<Record<Name, number>>>,
  properties: Properties = {},
): void {
  const metrics = new Metrics({ namespace: `Redkite/${requiredEnv('STAGE')}`, singleMetric: false });
  for (const [name, value] of Object.entries(dimensions)) metrics.addDimension(name, value);
  for (const [name, value] of Object.entries(measured)) {
    if (value !== undefined) metrics.addMetric(name, units[name as Name], value as number);
  }
  for (const [name, value] of Object.entries(properties)) metrics.addMetadata(name, value);
  metrics.publishStoredMetrics();
}
