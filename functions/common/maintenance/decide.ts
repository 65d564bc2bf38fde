/**
 * What the data of a quorum needs next: one step, with its reason. Pure, like the assessment of its members
 * (common/quorum/assess): it looks at how things are and takes the next step, so an execution that dies anywhere leads to
 * the same end.
 *
 * The laws: history is dropped only up to where the change log has it, because the log is a watch that goes on from there.
 * Members are written anew one at a time, while all of them are healthy, the leader last (it stays the leader: see
 * docs/decisions/0007). NOSPACE is taken back only where there is room; CORRUPT is never taken back by itself.
 */
import type { Alarm } from '../etcd/messages.ts';
import type { MaintenanceState } from '../registry/maintenance-state.ts';
import type { MaintenancePolicy } from './policy.ts';

export interface MaintainedMember {
  readonly memberId: string;
  /** For people: `etcd-1`. */
  readonly name: string;
  readonly address: string;
  readonly leads: boolean;
  /** Bytes of its file, of them in use, and the most that it may have. */
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  readonly quota: number;
  /** Of all keys at one revision, where it was asked for. */
  readonly hash?: string | undefined;
}

export interface MaintenanceObservation {
  /** `changing`: it may pass by itself. `broken`: members have to be replaced first. */
  readonly quorum: { readonly state: 'healthy' | 'changing' | 'broken'; readonly reason: string };
  readonly members: readonly MaintainedMember[];
  readonly alarms: readonly Alarm[];
  readonly revision: number;
  /** Undefined before the first archive. */
  readonly history: string | undefined;
  /** Up to where which history is in S3, and when the newest archive was taken (milliseconds since the epoch). */
  readonly shipped: { readonly history: string; readonly revision: number; readonly archivedAt: number } | undefined;
  readonly done: MaintenanceState;
}

export interface MaintenanceOptions {
  /** When the execution began, milliseconds since the epoch: no step is taken twice by one. */
  readonly since: number;
  /** A person wants all that is possible, whether it is much or not. */
  readonly thorough: boolean;
  /** A person has looked into the CORRUPT alarm: it goes if the members hold the same. */
  readonly disarmCorrupt: boolean;
}

export type MaintenanceAction =
  | { readonly kind: 'none' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'replace-members' }
  | { readonly kind: 'archive' }
  | { readonly kind: 'compact'; readonly history: string; readonly revision: number }
  | {
      readonly kind: 'defragment';
      readonly memberId: string;
      readonly name: string;
      readonly address: string;
    }
  | { readonly kind: 'disarm'; readonly alarms: readonly Alarm[] }
  /** Nothing more can be done without a person. */
  | { readonly kind: 'give-up'; readonly error: 'MetadataFull' | 'MetadataCorrupt' };

/** What only maintenance says of a quorum, and only maintenance takes back: its members may be as healthy as can be. */
export const OF_MAINTENANCE: readonly string[] = ['MetadataFull', 'MetadataCorrupt'];

export interface MaintenanceDecision {
  readonly action: MaintenanceAction;
  readonly reason: string;
}

const decide = (action: MaintenanceAction, reason: string): MaintenanceDecision => ({ action, reason });
const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
/** Taken back at once: each of a member that is there or was. The next look finds what is left. */
const MOST_ALARMS = 20;
const alarmsOf = ({ alarms }: MaintenanceObservation, type: Alarm['alarm']) =>
  alarms.filter(({ alarm }) => alarm === type).slice(0, MOST_ALARMS);

export function decideMaintenance(
  observation: MaintenanceObservation,
  policy: MaintenancePolicy,
  options: MaintenanceOptions,
  now: number,
): MaintenanceDecision {
  const { quorum, members } = observation;
  if (quorum.state === 'broken') return decide({ kind: 'replace-members' }, quorum.reason);
  if (quorum.state === 'changing') return decide({ kind: 'wait' }, quorum.reason);
  return (
    judgeCorrupt(observation, options) ??
    compact(observation, policy, options) ??
    defragment(observation, policy, options, now) ??
    judgeFull(observation, policy) ??
    decide({ kind: 'none' }, `${members.length} members need nothing: ${sizes(members)}`)
  );
}

const sizes = (members: readonly MaintainedMember[]) =>
  members
    .map(({ name, dbSize, dbSizeInUse }) => `${name} ${mebibytes(dbSizeInUse)} of ${mebibytes(dbSize)}`)
    .join(', ');

function judgeCorrupt(
  observation: MaintenanceObservation,
  { disarmCorrupt }: MaintenanceOptions,
): MaintenanceDecision | undefined {
  const alarms = alarmsOf(observation, 'CORRUPT');
  if (alarms.length === 0) return undefined;
  const found = compareHashes(observation.members);
  if (disarmCorrupt && found.equal)
    return decide({ kind: 'disarm', alarms }, `${found.reason}, and a person asked for it`);
  return decide({ kind: 'give-up', error: 'MetadataCorrupt' }, `etcd raised CORRUPT; ${found.reason}`);
}

/** What the members hold, for the person who has to judge it. */
export function compareHashes(members: readonly MaintainedMember[]): { equal: boolean; reason: string } {
  const byHash = Map.groupBy(members, ({ hash }) => hash);
  if (byHash.has(undefined)) return { equal: false, reason: 'the members could not be compared' };
  if (byHash.size === 1) return { equal: true, reason: `all ${members.length} members hold the same now` };
  const agreeing = [...byHash.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
  const others = members.filter((member) => !agreeing.includes(member)).map(({ name }) => name);
  return agreeing.length > members.length / 2
    ? { equal: false, reason: `${others.join(' and ')} differs from the majority and may be replaced` }
    : { equal: false, reason: 'no majority of the members holds the same: restore an archive' };
}

const isFull = (observation: MaintenanceObservation) => alarmsOf(observation, 'NOSPACE').length > 0;

/** Room is short: everything that makes some is worth it. */
const isPressed = (observation: MaintenanceObservation, { pressureShare }: MaintenancePolicy) =>
  isFull(observation) || observation.members.some(({ dbSize, quota }) => dbSize >= quota * pressureShare);

function compact(
  observation: MaintenanceObservation,
  policy: MaintenancePolicy,
  { since, thorough }: MaintenanceOptions,
): MaintenanceDecision | undefined {
  const { history, revision, shipped, done } = observation;
  const full = isFull(observation);
  const follows = shipped !== undefined && shipped.history === history;
  // Once an execution: what is written meanwhile is for the next one.
  if (done.compacted !== null && Date.parse(done.compacted.at) >= since) return undefined;
  const behind = history !== undefined && (!follows || shipped.revision < revision);
  if (full && behind && (shipped === undefined || shipped.archivedAt < since)) {
    return decide({ kind: 'archive' }, 'the change log is behind, and no history may go before it is in S3');
  }
  // Without a log there is none that could break: the first archive reads what is there then.
  if (full && history === undefined) {
    return decide({ kind: 'compact', history: '', revision }, 'nothing is archived yet, and there is no room to begin');
  }
  if (!follows) return undefined;
  // Without room nothing is kept for those who are late: what the log needs is the revision that it ends at.
  const target = Math.min(shipped.revision, revision) - (full ? 0 : policy.keepRevisions);
  const before = done.compacted?.history === history ? done.compacted.revision : 0;
  const gain = target - before;
  const worth = thorough || isPressed(observation, policy) ? 1 : policy.compactRevisions;
  if (target < 1 || gain < worth) return undefined;
  return decide({ kind: 'compact', history, revision: target }, `${gain} revisions are in S3 and not needed any more`);
}

function defragment(
  observation: MaintenanceObservation,
  policy: MaintenancePolicy,
  { since, thorough }: MaintenanceOptions,
  now: number,
): MaintenanceDecision | undefined {
  const { members, done } = observation;
  const full = isFull(observation);
  const eager = thorough || isPressed(observation, policy);
  const due = members.filter((member) => {
    const { dbSize, dbSizeInUse, quota, memberId } = member;
    const at = Date.parse(done.defragmented[memberId] ?? new Date(0).toISOString());
    if (at >= since) return false;
    if (full && dbSize >= quota * policy.roomShare) return true;
    const share = dbSize === 0 ? 0 : (dbSize - dbSizeInUse) / dbSize;
    // Not for a few pages, and not the same member again and again.
    if (eager) return share >= policy.fragmentedShare / 4 && (thorough || full || now - at >= policy.retryMs);
    return dbSize >= policy.defragmentBytes && share >= policy.fragmentedShare && now - at >= policy.defragmentEveryMs;
  });
  const [next] = due.toSorted((a, b) => Number(a.leads) - Number(b.leads) || a.name.localeCompare(b.name));
  if (next === undefined) return undefined;
  const { memberId, name, address, dbSize, dbSizeInUse } = next;
  return decide(
    { kind: 'defragment', memberId, name, address },
    `${name} uses ${mebibytes(dbSizeInUse)} of ${mebibytes(dbSize)}`,
  );
}

function judgeFull(
  observation: MaintenanceObservation,
  { roomShare }: MaintenancePolicy,
): MaintenanceDecision | undefined {
  const alarms = alarmsOf(observation, 'NOSPACE');
  if (alarms.length === 0) return undefined;
  const tight = observation.members.filter(({ dbSize, quota }) => dbSize >= quota * roomShare);
  if (tight.length === 0) return decide({ kind: 'disarm', alarms }, 'there is room again on every member');
  return decide(
    { kind: 'give-up', error: 'MetadataFull' },
    `${tight.map(({ name, dbSize, quota }) => `${name} has ${mebibytes(dbSize)} of ${mebibytes(quota)}`).join(', ')} ` +
      'after everything was done that makes room',
  );
}
