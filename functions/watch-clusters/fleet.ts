/**
 * How all clusters of the stage are, in the few numbers that alarms are set on (resources/alarms.yml). Alarms are made with the
 * stack, clusters come and go; so each number is that of the worst cluster, and the line in the log names it. Pure.
 */
import type { ClusterRecord } from '../common/cluster/record.ts';
import { isResting, type Phase } from '../common/cluster/phases.ts';
import type { Measurements as Measured, Properties } from '../common/lambda/metrics.ts';
import type { Measurements } from './metrics.ts';

export type PublishFleet = (measured: Measured<'fleet'>, properties: Properties) => void;

export interface Fleet {
  readonly records: readonly ClusterRecord[];
  /** What was published of each cluster this minute. */
  readonly measured: ReadonlyMap<string, Measurements>;
  /** Clusters whose members could not be looked at. */
  readonly unwatched: readonly string[];
}

/**
 * Minutes after which somebody should look. A wake takes a minute or so; the others end by themselves, by the timeouts of their
 * machines and the nets below them, within little more than this.
 */
export const STUCK_AFTER_MINUTES: Readonly<Record<Exclude<Phase, 'awake' | 'asleep' | 'failed'>, number>> = {
  creating: 45,
  'falling-asleep': 30,
  waking: 15,
  recovering: 45,
  upgrading: 120,
  scaling: 60,
  deleting: 45,
};

/** Undefined while every cluster sleeps: there is nothing to be alarmed of then, and metrics that are not written are not paid. */
export function measureFleet(
  { records, measured, unwatched }: Fleet,
  now: Date,
): { readonly measurements: Measured<'fleet'>; readonly properties: Properties } | undefined {
  if (records.every(({ phase }) => phase === 'asleep')) return undefined;
  const failed = records.filter(({ phase }) => phase === 'failed').map(({ name }) => name);
  const stuck = records.filter((record) => isStuck(record, now)).map(({ name }) => name);
  const unshipped = [...measured].filter(([, { ShippingFailed }]) => ShippingFailed === 1).map(([name]) => name);
  const quorums = records.flatMap(({ name, spec: { metadata } }) => {
    const healthy = measured.get(name)?.MembersHealthy;
    return healthy === undefined ? [] : [{ name, healthy, members: metadata.members }];
  });
  const short = quorums.filter(({ healthy, members }) => healthy < members);
  const lost = quorums.filter(({ healthy, members }) => healthy <= members / 2);
  return {
    measurements: {
      ClustersAwake: records.filter(({ phase }) => phase === 'awake').length,
      ClustersFailed: failed.length,
      ClustersStuck: stuck.length,
      ClustersUnwatched: unwatched.length,
      ClustersUnshipped: unshipped.length,
      MembersMissing: Math.max(0, ...short.map(({ healthy, members }) => members - healthy)),
      QuorumsLost: lost.length,
      ...largest('OldestArchiveSeconds', measured, 'ArchiveAgeSeconds'),
      ...largest('LongestUnshippedSeconds', measured, 'UnshippedSeconds'),
      ...largest('FullestDatabasePercent', measured, 'DatabaseQuotaPercent'),
    },
    properties: Object.fromEntries(
      Object.entries({ failed, stuck, unwatched, unshipped, short: short.map(({ name }) => name) })
        .filter(([, names]) => names.length > 0)
        .map(([what, names]) => [what, list(names)]),
    ),
  };
}

function isStuck({ phase, phaseSince }: ClusterRecord, now: Date): boolean {
  if (isResting(phase)) return false;
  const limit = STUCK_AFTER_MINUTES[phase as keyof typeof STUCK_AFTER_MINUTES];
  return now.getTime() - Date.parse(phaseSince) > limit * 60_000;
}

function largest<Name extends keyof Measured<'fleet'>>(
  name: Name,
  measured: Fleet['measured'],
  of: keyof Measurements,
): Partial<Record<Name, number>> {
  const values = [...measured.values()].flatMap((each) => each[of] ?? []);
  return (values.length === 0 ? {} : { [name]: Math.max(...values) }) as Partial<Record<Name, number>>;
}

/** A line of a log has an end. */
const MOST_NAMES = 20;
const list = (names: readonly string[]): string =>
  `${names.slice(0, MOST_NAMES).join(', ')}${names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''}`;
