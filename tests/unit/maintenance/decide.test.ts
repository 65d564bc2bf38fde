/** Each law of the maintenance by itself. */
import {
  decideMaintenance,
  type MaintainedMember,
  type MaintenanceObservation,
} from '../../../functions/common/maintenance/decide.ts';
import { maintenanceDue } from '../../../functions/common/maintenance/due.ts';
import { planMaintenance } from '../../../functions/common/maintenance/plan.ts';
import { MAINTENANCE_POLICY } from '../../../functions/common/maintenance/policy.ts';
import { NOTHING_DONE } from '../../../functions/common/registry/maintenance-state.ts';

const MB = 1024 ** 2;
const NOW = Date.parse('2026-01-01T12:00:00.000Z');
const at = (minutesAgo: number) => new Date(NOW - minutesAgo * 60_000).toISOString();
const OPTIONS = { since: NOW - 60_000, thorough: false, disarmCorrupt: false };

const member = (n: number, changes: Partial<MaintainedMember> = {}): MaintainedMember => ({
  memberId: `m${n}`,
  name: `etcd-${n}`,
  address: `10.0.0.${n}`,
  leads: n === 0,
  dbSize: 40 * MB,
  dbSizeInUse: 38 * MB,
  quota: 400 * MB,
  ...changes,
});
const three = (changes: Partial<MaintainedMember> = {}) => [0, 1, 2].map((n) => member(n, changes));
const seen = (changes: Partial<MaintenanceObservation> = {}): MaintenanceObservation => ({
  quorum: { state: 'healthy', reason: 'fine' },
  members: three(),
  alarms: [],
  revision: 50_000,
  history: 'h',
  shipped: { history: 'h', revision: 49_900, archivedAt: NOW - 3_600_000 },
  done: { ...NOTHING_DONE, compacted: { history: 'h', revision: 40_000, at: at(600) } },
  ...changes,
});
const decide = (changes: Partial<MaintenanceObservation> = {}, options = {}) =>
  decideMaintenance(seen(changes), MAINTENANCE_POLICY, { ...OPTIONS, ...options }, NOW);
const compacted = (revision: number, minutesAgo: number, history = 'h') => ({
  done: { ...NOTHING_DONE, compacted: { history, revision, at: at(minutesAgo) } },
});
const FULL = [{ memberId: 'm1', alarm: 'NOSPACE' as const }];
const CORRUPT = [{ memberId: 'm1', alarm: 'CORRUPT' as const }];

test('a quorum that is as it should be needs nothing', () => {
  expect(decide().action).toEqual({ kind: 'none' });
});

test.each([
  ['changing', 'wait'],
  ['broken', 'replace-members'],
] as const)('members that are %s come first', (state, kind) => {
  expect(decide({ quorum: { state, reason: 'etcd-1 is away' }, alarms: FULL })).toEqual({
    action: { kind },
    reason: 'etcd-1 is away',
  });
});

describe('history', () => {
  test('goes when there is enough of it, up to some revisions before the end of the change log', () => {
    expect(decide(compacted(28_000, 600)).action).toEqual({ kind: 'compact', history: 'h', revision: 48_900 });
    expect(decide(compacted(28_901, 600)).action).toEqual({ kind: 'none' });
  });
  test('never goes before the change log of this history has it', () => {
    expect(decide({ shipped: undefined }, { thorough: true }).action).toEqual({ kind: 'none' });
    const other = { history: 'other', revision: 49_900, archivedAt: NOW };
    expect(decide({ shipped: other }, { thorough: true }).action).toEqual({ kind: 'none' });
  });
  test('of an earlier life of the quorum does not count as gone', () => {
    expect(decide(compacted(49_000, 600, 'before')).action).toMatchObject({ kind: 'compact', revision: 48_900 });
  });
  test('goes once an execution', () => {
    expect(decide(compacted(40_000, 0), { thorough: true }).action).toEqual({ kind: 'none' });
  });
  test('goes whether it is much or not when a person wants it, or when room is short', () => {
    expect(decide({}, { thorough: true }).action).toMatchObject({ kind: 'compact', revision: 48_900 });
    const pressed = three({ dbSize: 310 * MB, dbSizeInUse: 309 * MB });
    expect(decide({ members: pressed }).action).toMatchObject({ kind: 'compact', revision: 48_900 });
  });
});

describe('a file', () => {
  const half = { dbSize: 200 * MB, dbSizeInUse: 90 * MB };
  test('is written anew when half of it is free, one member at a time, the leader last', () => {
    const members = three(half);
    expect(decide({ members }).action).toMatchObject({ kind: 'defragment', memberId: 'm1', address: '10.0.0.1' });
    const one = members.map((each) => (each.memberId === 'm1' ? { ...each, dbSize: 90 * MB } : each));
    expect(decide({ members: one }).action).toMatchObject({ memberId: 'm2' });
    const two = one.map((each) => (each.memberId === 'm2' ? { ...each, dbSize: 90 * MB } : each));
    expect(decide({ members: two }).action).toMatchObject({ memberId: 'm0' });
  });
  test.each([
    ['is small', { dbSize: 90 * MB, dbSizeInUse: 10 * MB }],
    ['is in use', { dbSize: 200 * MB, dbSizeInUse: 120 * MB }],
  ])('that %s is left alone', (_, sizes) => {
    expect(decide({ members: three(sizes) }).action).toEqual({ kind: 'none' });
  });
  test('is not written anew again and again', () => {
    const done = (minutesAgo: number) => ({
      ...seen().done,
      defragmented: { m0: at(minutesAgo), m1: at(minutesAgo), m2: at(minutesAgo) },
    });
    expect(decide({ members: three(half), done: done(59) }).action).toEqual({ kind: 'none' });
    expect(decide({ members: three(half), done: done(61) }).action).toMatchObject({ kind: 'defragment' });
    expect(decide({ members: three(half), done: done(0) }, { thorough: true }).action.kind).toBe('compact');
    expect(
      decide(
        { members: three(half), done: { ...done(0), ...compacted(1, 0).done, defragmented: done(0).defragmented } },
        { thorough: true },
      ).action,
    ).toEqual({ kind: 'none' });
  });
});

describe('NOSPACE', () => {
  const full = three({ dbSize: 400 * MB, dbSizeInUse: 395 * MB });
  test('first what the change log lacks goes to S3', () => {
    expect(decide({ alarms: FULL, members: full }).action).toEqual({ kind: 'archive' });
  });
  test('then all history that is there', () => {
    const shipped = { history: 'h', revision: 50_000, archivedAt: NOW };
    expect(decide({ alarms: FULL, members: full, shipped }).action).toMatchObject({
      kind: 'compact',
      revision: 50_000,
    });
  });
  test('without any archive there is no log that could break', () => {
    const first = { alarms: FULL, members: full, shipped: undefined, history: undefined, done: NOTHING_DONE };
    expect(decide(first).action).toEqual({ kind: 'compact', history: '', revision: 50_000 });
  });
  test('an archive that a few changes have followed is not taken twice', () => {
    const shipped = { history: 'h', revision: 49_999, archivedAt: NOW };
    expect(decide({ alarms: FULL, members: full, shipped }).action).toMatchObject({
      kind: 'compact',
      revision: 49_999,
    });
  });
  test('then the files, whatever etcd says is in use; it tells that a moment late', () => {
    expect(decide({ alarms: FULL, members: full, ...compacted(50_000, 0) }).action).toMatchObject({
      kind: 'defragment',
    });
  });
  test('then the alarm, also of members that are gone, where there is room', () => {
    const alarms = [...FULL, { memberId: 'gone', alarm: 'NOSPACE' as const }];
    expect(decide({ alarms, ...compacted(50_000, 0) }).action).toEqual({ kind: 'disarm', alarms });
    const members = three({ dbSize: 300 * MB, dbSizeInUse: 100 * MB });
    expect(decide({ alarms, members, ...compacted(50_000, 0) }).action).toMatchObject({ kind: 'defragment' });
  });
  test('and where there is none a person has to know', () => {
    const defragmented = { m0: at(0), m1: at(0), m2: at(0) };
    const done = { ...compacted(50_000, 0).done, defragmented };
    const decision = decide({ alarms: FULL, members: full, done });
    expect(decision.action).toEqual({ kind: 'give-up', error: 'MetadataFull' });
    expect(decision.reason).toContain('etcd-1 has 400 MiB of 400 MiB');
  });
});

describe('CORRUPT', () => {
  const hashes = (...values: (string | undefined)[]) => values.map((hash, n) => member(n, { hash }));
  test.each([
    ['etcd-1 differs from the majority', hashes('a', 'b', 'a')],
    ['no majority', hashes('a', 'b', 'c')],
    ['all 3 members hold the same', hashes('a', 'a', 'a')],
    ['could not be compared', hashes('a', undefined, 'a')],
  ])('is never taken back by itself: %s', (text, members) => {
    const decision = decide({ alarms: CORRUPT, members });
    expect(decision.action).toEqual({ kind: 'give-up', error: 'MetadataCorrupt' });
    expect(decision.reason).toContain(text);
  });
  test('is taken back when a person asks for it and all members hold the same', () => {
    const asked = { disarmCorrupt: true };
    expect(decide({ alarms: CORRUPT, members: hashes('a', 'a', 'a') }, asked).action).toMatchObject({ kind: 'disarm' });
    expect(decide({ alarms: CORRUPT, members: hashes('a', 'a', 'b') }, asked).action.kind).toBe('give-up');
  });
});

describe('the schedule', () => {
  const due = (changes: Partial<MaintenanceObservation>) => maintenanceDue(seen(changes), MAINTENANCE_POLICY, NOW);
  const ended = (outcome: string, minutesAgo: number, revision = 1) => ({
    done: { ...compacted(revision, 600).done, ended: { outcome, at: at(minutesAgo) } },
  });
  test('asks for nothing when there is nothing, and leaves members to their own machine', () => {
    expect(due({}).due).toBe(false);
    expect(due({ quorum: { state: 'broken', reason: '' } }).due).toBe(false);
    expect(due({ quorum: { state: 'changing', reason: '' } }).due).toBe(false);
  });
  test('asks when a step is due, but not every minute', () => {
    expect(due(compacted(1, 600)).due).toBe(true);
    expect(due(ended('done', 14)).due).toBe(false);
    expect(due(ended('done', 16)).due).toBe(true);
  });
  test('asks at once for an alarm, unless that was of no use a moment ago', () => {
    expect(due({ alarms: FULL, ...ended('done', 1) }).due).toBe(true);
    expect(due({ alarms: FULL, ...ended('MetadataFull', 1) }).due).toBe(false);
    expect(due({ alarms: FULL, ...ended('MetadataFull', 16) }).due).toBe(true);
  });
});

test('a plan names every step to the end', () => {
  const members = three({ dbSize: 400 * MB, dbSizeInUse: 100 * MB });
  const steps = planMaintenance(seen({ alarms: FULL, members }), MAINTENANCE_POLICY, OPTIONS, NOW);
  expect(steps.map(({ action }) => action.kind)).toEqual([
    'archive',
    'compact',
    'defragment',
    'defragment',
    'defragment',
    'disarm',
    'none',
  ]);
});
