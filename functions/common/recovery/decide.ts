/**
 * From what a lost quorum is restored: the newest state that there is (decision 2 of the design). Pure.
 *
 * A survivor without quorum still holds everything it had applied, and etcd applies only what a majority had: where it is
 * newer than the archive and its change log it is the best archive there is. Revisions can be compared within one history
 * (one life of a quorum) only; an archive of another history than the survivor's belongs to an earlier life.
 */
import { MOST_NAMED, boundedText } from '../lambda/bounded.ts';

export interface Survivor {
  /** host:port */
  readonly endpoint: string;
  readonly revision: number;
  /** Undefined when it has not even caught up to where its quorum was formed (probe-quorum). */
  readonly history: string | undefined;
}

export interface Restorable {
  /** Name of the archive. */
  readonly name: string;
  readonly history: string | null;
  /** With the change log after it. */
  readonly revision: number;
  /** ISO 8601: everything acknowledged before is in it. */
  readonly asOf: string;
}

export interface RecoveryInput {
  readonly survivors: readonly Survivor[];
  /** The newest archive that was read through and found whole. */
  readonly archive: Restorable | undefined;
  /** What was found wrong on the way, for the people who read the plan. */
  readonly notes: readonly string[];
  /** Milliseconds for which Milvus keeps the files of segments that its catalog no longer names. */
  readonly garbageToleranceMs: number;
  readonly now: Date;
}

export type RecoverySource =
  | { readonly kind: 'survivor'; readonly endpoint: string; readonly revision: number }
  | { readonly kind: 'archive'; readonly name: string; readonly revision: number; readonly asOf: string };

export type RecoveryPlan =
  | { readonly verdict: 'impossible'; readonly reason: string; readonly notes: readonly string[] }
  | {
      readonly verdict: 'recover';
      readonly source: RecoverySource;
      readonly reason: string;
      /** In words: what is gone, and what is not. */
      readonly lost: string;
      /** Milliseconds of acknowledged writes that may be gone; 0 where there is no sign that any is. */
      readonly lostMs: number;
      readonly notes: readonly string[];
    };

/** The first ones, and how many more there are: nobody reads a thousand, and what is wrong a thousand times is said once. */
export function boundedNotes(notes: readonly string[]): string[] {
  const first = notes.slice(0, MOST_NAMED).map((note) => boundedText(note));
  const left = notes.length - first.length;
  return left > 0 ? [...first, `And ${left} more like these.`] : first;
}

export function decideRecovery(input: RecoveryInput): RecoveryPlan {
  const { survivors, archive, garbageToleranceMs, now } = input;
  const notes = boundedNotes(input.notes);
  const survivor = survivors.toSorted((a, b) => b.revision - a.revision)[0];
  if (survivor !== undefined && (archive === undefined || isNewer(survivor, archive))) {
    return {
      verdict: 'recover',
      source: { kind: 'survivor', endpoint: survivor.endpoint, revision: survivor.revision },
      reason:
        archive === undefined
          ? `there is no archive, and ${survivor.endpoint} still holds revision ${survivor.revision}`
          : `${survivor.endpoint} holds revision ${survivor.revision}, the archive ${archive.name} with its log only ${archive.revision}`,
      lost: lostWithSurvivor(survivor, archive),
      lostMs: 0,
      notes,
    };
  }
  if (archive === undefined) {
    return { verdict: 'impossible', reason: 'no member is left to read, and there is no archive', notes };
  }
  const lostMs = Math.max(0, now.getTime() - Date.parse(archive.asOf));
  return {
    verdict: 'recover',
    source: { kind: 'archive', name: archive.name, revision: archive.revision, asOf: archive.asOf },
    reason:
      survivor === undefined
        ? 'no member is left to read'
        : `the archive ${archive.name} with its log reaches revision ${archive.revision}, ${survivor.endpoint} only ${survivor.revision}`,
    lost: `What was acknowledged after ${archive.asOf}: at most the last ${Math.ceil(lostMs / 1_000)} s.`,
    lostMs,
    notes:
      lostMs > garbageToleranceMs
        ? [
            ...notes,
            `This state is older than the ${garbageToleranceMs / 3_600_000} h for which Milvus keeps files it no longer needs: ` +
              'segments that were compacted since may be gone from the bucket.',
          ]
        : notes,
  };
}

/** Nobody can tell whether it had been cut off before; then it lacks what the others acknowledged since, but not more than the log. */
function lostWithSurvivor(survivor: Survivor, archive: Restorable | undefined): string {
  const nothing = 'Nothing that this member had applied; at most what was acknowledged in the moment of the loss';
  return archive === undefined || archive.history !== survivor.history
    ? `${nothing}.`
    : `${nothing}, or, if it had been cut off from the others before, after ${archive.asOf}.`;
}

function isNewer(survivor: Survivor, archive: Restorable): boolean {
  // A learner that was catching up: whatever was archived, of this life or an earlier one, is more than it has.
  if (survivor.history === undefined) return false;
  return survivor.history !== archive.history || survivor.revision >= archive.revision;
}
