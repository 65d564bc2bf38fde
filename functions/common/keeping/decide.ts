/** What a cluster's archives need this minute. Pure. */
import type { ChangePoint } from '../archive/changes.ts';
import type { ArchiveState } from '../registry/archive-state.ts';

export interface KeepingPolicy {
  /** A restore replays the log since the newest archive: this bounds how much that is. */
  readonly archiveEveryMs: number;
}

export const KEEPING_POLICY: KeepingPolicy = { archiveEveryMs: 60 * 60_000 };

export type KeepingDecision =
  | { readonly action: 'archive'; readonly reason: string }
  | { readonly action: 'ship'; readonly after: ChangePoint; readonly reason: string };

export function decideKeeping(state: ArchiveState | undefined, policy: KeepingPolicy, now: Date): KeepingDecision {
  if (state === undefined) return { action: 'archive', reason: 'there is no archive yet' };
  if (state.point === null) return { action: 'archive', reason: 'no change log can follow the newest archive' };
  const age = now.getTime() - Date.parse(state.archive.createdAt);
  if (age >= policy.archiveEveryMs) {
    return { action: 'archive', reason: `the newest archive is ${Math.round(age / 60_000)} minutes old` };
  }
  return { action: 'ship', after: state.point, reason: `the log goes on after revision ${state.point.revision}` };
}
