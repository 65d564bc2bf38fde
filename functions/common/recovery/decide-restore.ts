/** Whether the state that people chose is restored, and what they have to know before. Pure. */
import { describeFiles, type CatalogCheck } from '../catalog/missing.ts';
import { boundedNotes, type RecoveryPlan } from './decide.ts';

/** What holds the present state: a quorum, one member without one, or nobody that could be read. */
export type Present =
  | { readonly kind: 'quorum'; readonly revision: number }
  | { readonly kind: 'survivor'; readonly endpoint: string; readonly revision: number }
  | { readonly kind: 'none'; readonly reason: string };

export interface RestoreInput {
  readonly source: { readonly name: string; readonly revision: number; readonly asOf: string };
  readonly present: Present;
  readonly check: CatalogCheck;
  /** People have been told that files are gone, and want it all the same. */
  readonly allowMissing: boolean;
  readonly notes: readonly string[];
  readonly now: Date;
}

export interface RestoreFacts {
  readonly present: Present;
  readonly check: CatalogCheck;
}

export type RestorePlan =
  | (Extract<RecoveryPlan, { verdict: 'recover' }> & RestoreFacts)
  | {
      readonly verdict: 'refused';
      readonly error: 'FilesMissing';
      readonly reason: string;
      readonly notes: readonly string[];
      readonly check: CatalogCheck;
    };

export function decideRestore({ source, present, check, allowMissing, notes, now }: RestoreInput): RestorePlan {
  const { files } = check;
  const more = [...boundedNotes(notes), ...notesOf(check, present)];
  if (files.missing > 0 && !allowMissing) {
    return {
      verdict: 'refused',
      error: 'FilesMissing',
      reason: `${describeFiles(files)} Rows of these segments would be lost and their collections may not load`,
      notes: more,
      check,
    };
  }
  const lostMs = Math.max(0, now.getTime() - Date.parse(source.asOf));
  return {
    verdict: 'recover',
    source: { kind: 'archive', ...source },
    reason: `the state of ${source.asOf} was chosen`,
    lost:
      `Everything that was changed after ${source.asOf} (${duration(lostMs)} ago)` +
      (present.kind === 'none' ? '.' : ', until it is undone: the present state is archived first.'),
    lostMs,
    notes: more,
    present,
    check,
  };
}

function notesOf(check: CatalogCheck, present: Present): string[] {
  const { unflushed, files } = check;
  return [
    ...(files.missing === 0 ? [] : [describeFiles(files)]),
    ...(unflushed.segments === 0
      ? []
      : [
          // Milvus says so of a segment for a while after all of its rows are in the bucket.
          `${unflushed.segments} segment(s) of ${unflushed.collections} collection(s) were not marked as flushed at that ` +
            'moment: rows of theirs that were in Kafka alone, if there were any, are not part of it.',
        ]),
    ...(present.kind === 'none' ? [`The present state cannot be archived: ${present.reason}.`] : []),
  ];
}

function duration(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return `${Math.ceil(milliseconds / 1_000)} s`;
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}
