/** The numbers that alarms are set on: of the worst cluster, and none while all sleep. */
import { METRICS } from '../../../functions/common/lambda/metrics.ts';
import type { ClusterRecord } from '../../../functions/common/cluster/record.ts';
import { PHASES, isResting } from '../../../functions/common/cluster/phases.ts';
import { measureFleet, STUCK_AFTER_MINUTES } from '../../../functions/watch-clusters/fleet.ts';
import type { Measurements } from '../../../functions/watch-clusters/metrics.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const since = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000).toISOString();
const sized = (members: 1 | 3 | 5) => {
  const { spec } = aRecord();
  return { ...spec, metadata: { ...spec.metadata, members } };
};
const a = (name: string, phase: ClusterRecord['phase'], changes: Partial<ClusterRecord> = {}) =>
  aRecord({ name, phase, ...changes });
const measure = (
  records: readonly ClusterRecord[],
  measured: Record<string, Measurements> = {},
  unwatched: string[] = [],
) => measureFleet({ records, measured: new Map(Object.entries(measured)), unwatched }, NOW);

test('while every cluster sleeps, or there is none, nothing is said', () => {
  expect(measure([])).toBeUndefined();
  expect(measure([a('one', 'asleep'), a('two', 'asleep')])).toBeUndefined();
});

test('one that does not sleep is enough; all is well with it', () => {
  const well = {
    MembersHealthy: 3,
    ArchiveAgeSeconds: 60,
    UnshippedSeconds: 2,
    DatabaseQuotaPercent: 1,
    ShippingFailed: 0,
  };
  const { measurements, properties } = measure([a('one', 'awake'), a('two', 'asleep')], { one: well }) ?? {};
  expect(measurements).toEqual({
    ...{ ClustersAwake: 1, ClustersFailed: 0, ClustersStuck: 0, ClustersUnwatched: 0, ClustersUnshipped: 0 },
    ...{ MembersMissing: 0, QuorumsLost: 0 },
    ...{ OldestArchiveSeconds: 60, LongestUnshippedSeconds: 2, FullestDatabasePercent: 1 },
  });
  expect(Object.keys(measurements ?? {}).toSorted()).toEqual(Object.keys(METRICS.fleet).toSorted());
  expect(properties).toEqual({});
});

test.each([
  [3, 2, 1, 0],
  [3, 1, 2, 1],
  [3, 0, 3, 1],
  [5, 3, 2, 0],
  [5, 2, 3, 1],
  [1, 0, 1, 1],
] as const)('of %i members %i healthy: %i missing, %i lost', (members, healthy, missing, lost) => {
  const fleet = measure([a('one', 'awake', { spec: sized(members) }), a('two', 'awake')], {
    one: { MembersHealthy: healthy },
    two: { MembersHealthy: 3 },
  });
  expect(fleet).toMatchObject({
    measurements: { MembersMissing: missing, QuorumsLost: lost },
    properties: { short: 'one' },
  });
});

test('each number is that of the worst cluster', () => {
  const fleet = measure([a('one', 'awake'), a('two', 'awake')], {
    one: { ArchiveAgeSeconds: 10, UnshippedSeconds: 700, DatabaseQuotaPercent: 3, ShippingFailed: 0 },
    two: { ArchiveAgeSeconds: 9_000, UnshippedSeconds: 1, DatabaseQuotaPercent: 91, ShippingFailed: 1 },
  });
  expect(fleet).toMatchObject({
    measurements: {
      ...{ OldestArchiveSeconds: 9_000, LongestUnshippedSeconds: 700, FullestDatabasePercent: 91 },
      ClustersUnshipped: 1,
    },
    properties: { unshipped: 'two' },
  });
});

test('of what could not be looked at nothing is invented', () => {
  const { measurements } = measure([a('one', 'awake')], {}, ['one']) ?? {};
  expect(measurements).toMatchObject({ ClustersUnwatched: 1, MembersMissing: 0 });
  expect(measurements).not.toHaveProperty('OldestArchiveSeconds');
});

test.each(Object.entries(STUCK_AFTER_MINUTES))('%s counts as stuck after %i minutes', (phase, minutes) => {
  const stuck = (age: number) =>
    measure([a('one', phase as ClusterRecord['phase'], { phaseSince: since(age) })])?.measurements.ClustersStuck;
  expect([stuck(minutes), stuck(minutes + 1)]).toEqual([0, 1]);
});

test('a phase that belongs to nobody is never stuck, however old; every other one has its limit', () => {
  const old = PHASES.filter(isResting).map((phase) => a(phase, phase, { phaseSince: since(1_000_000) }));
  expect(measure(old)).toMatchObject({ measurements: { ClustersStuck: 0, ClustersFailed: 1 } });
  expect(Object.keys(STUCK_AFTER_MINUTES).toSorted()).toEqual(PHASES.filter((phase) => !isResting(phase)).toSorted());
});

test('the line in the log has an end', () => {
  const failed = Array.from({ length: 25 }, (_, n) => a(`c${n}`, 'failed'));
  expect(measure(failed)?.properties['failed']).toMatch(/^c0, .*c19 and 5 more$/);
});
