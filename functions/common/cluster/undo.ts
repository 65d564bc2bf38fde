/**
 * For how long a restore can be undone. The archive of the state before it is kept, and so are the files that only that
 * state names: to Milvus they are unknown files, which it would remove an hour after they were written. Pure.
 */
import type { GarbageProfile } from '../releases/profiles.ts';
import type { RestorationRecord } from './record.ts';

export const UNDO_MS = 24 * 3_600_000;

export function mayBeUndone({ at }: RestorationRecord, now: Date): boolean {
  return now.getTime() < Date.parse(at) + UNDO_MS;
}

/** The archives that retention has to keep. */
export function archivesToKeep(restoration: RestorationRecord | undefined, now: Date): readonly string[] {
  return restoration?.undo !== undefined && mayBeUndone(restoration, now) ? [restoration.undo] : [];
}

/**
 * Milvus tells unknown files by their age alone, so the age has to reach from the restored moment to the end of the time in
 * which it can be undone. Undefined where the release's own setting does.
 */
export function unknownToleranceSeconds(
  restoration: RestorationRecord | undefined,
  garbage: GarbageProfile,
  now: Date,
): number | undefined {
  if (restoration === undefined || !mayBeUndone(restoration, now)) return undefined;
  const seconds = Math.ceil((Date.parse(restoration.at) + UNDO_MS - Date.parse(restoration.asOf)) / 1_000);
  return seconds > garbage.unknownToleranceSeconds ? seconds : undefined;
}
