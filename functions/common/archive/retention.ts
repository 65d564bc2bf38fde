/**
 * Which archives to keep: pure. Like a good backup: everything of the last hour, one an hour for a day, one a day for a
 * week; and never without the newest one that was proved to be whole.
 */
export interface RetentionPolicy {
  readonly keepAllForMs: number;
  readonly hourlyForMs: number;
  readonly dailyForMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const DEFAULT_RETENTION: RetentionPolicy = {
  keepAllForMs: HOUR_MS,
  hourlyForMs: DAY_MS,
  dailyForMs: 7 * DAY_MS,
};

export interface RetentionCandidate {
  readonly name: string;
  /** ISO 8601 */
  readonly createdAt: string;
  readonly verified: boolean;
  /** ISO 8601: when it was last read through. */
  readonly readAt?: string | undefined;
  /** Somebody may still need it: an undo. */
  readonly pinned?: boolean;
}

export interface RetentionDecision {
  readonly name: string;
  readonly action: 'keep' | 'remove';
  readonly reason: string;
}

/** The writer reads its archive through itself, within the time of its function; whoever reads it later wants something. */
const WRITER_MS = 15 * 60_000;
/** A restore reads its archive through before it begins, and may take so long (the timeout of its machine). */
const RESTORE_MS = 2 * HOUR_MS;

function mayBeInUse({ createdAt, readAt }: RetentionCandidate, now: Date): boolean {
  if (readAt === undefined) return false;
  const read = Date.parse(readAt);
  return read - Date.parse(createdAt) > WRITER_MS && now.getTime() - read <= RESTORE_MS;
}

/** Without a manifest after a day: left behind by a writer that ended, or by a removal that did. */
export function isLeftBehind(createdAt: Date | undefined, now: Date): boolean {
  return createdAt !== undefined && now.getTime() - createdAt.getTime() > DAY_MS;
}

/**
 * In the order given. Of an hour and of a day the newest verified archive stays, and the newest where none was verified.
 */
export function decideRetention(
  archives: readonly RetentionCandidate[],
  policy: RetentionPolicy,
  now: Date,
): RetentionDecision[] {
  const newestFirst = archives.toSorted(
    (a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.name < b.name ? 1 : -1),
  );
  const newestVerified = newestFirst.find(({ verified }) => verified);
  const best = new Map<string, string>();
  const groupOf = ({ createdAt }: RetentionCandidate): readonly [key: string, what: string] | undefined => {
    const created = Date.parse(createdAt);
    const age = now.getTime() - created;
    if (age <= policy.hourlyForMs) return [`hour ${Math.floor(created / HOUR_MS)}`, 'hour'];
    if (age <= policy.dailyForMs) return [`day ${Math.floor(created / DAY_MS)}`, 'day'];
    return undefined;
  };
  for (const wanted of [true, false]) {
    for (const archive of newestFirst) {
      const group = groupOf(archive)?.[0];
      if (group !== undefined && archive.verified === wanted && !best.has(group)) best.set(group, archive.name);
    }
  }
  return archives.map((archive) => {
    const keep = (reason: string): RetentionDecision => ({ name: archive.name, action: 'keep', reason });
    const remove = (reason: string): RetentionDecision => ({ name: archive.name, action: 'remove', reason });
    const age = now.getTime() - Date.parse(archive.createdAt);
    if (archive.pinned === true) return keep('a restore can be undone with it');
    if (mayBeInUse(archive, now)) return keep('it was read through a moment ago: a restore may be under way');
    if (age <= policy.keepAllForMs) return keep('younger than the time for which all are kept');
    if (archive === newestVerified) return keep('the newest archive that was verified');
    if (newestVerified === undefined && archive === newestFirst[0])
      return keep('the newest archive; none was verified');
    const group = groupOf(archive);
    if (group === undefined) return remove('older than any archive is kept');
    const [key, what] = group;
    return best.get(key) === archive.name
      ? keep(`the one kept of its ${what}`)
      : remove(`another archive of its ${what} is kept`);
  });
}
