/** When a quorum's history is dropped and its files are written anew, and how much is left alone. */
export interface MaintenancePolicy {
  /** Revisions before the newest one in the change log that stay readable, for whoever is a little late. */
  readonly keepRevisions: number;
  /** So many revisions that may go make a compaction worth its while. */
  readonly compactRevisions: number;
  /** A file smaller than this is left as it is. */
  readonly defragmentBytes: number;
  /** Share of a file that is free: from here on it is written anew. */
  readonly fragmentedShare: number;
  /** Share of the quota from which everything is done that makes room, whether it is much or not. */
  readonly pressureShare: number;
  /** Below it there is room enough to take the NOSPACE alarm back. */
  readonly roomShare: number;
  /** A member is not written anew again before. */
  readonly defragmentEveryMs: number;
  /** After an end that was not a good one, and under pressure, the schedule does not ask again before. */
  readonly retryMs: number;
}

export const MAINTENANCE_POLICY: MaintenancePolicy = {
  keepRevisions: 1_000,
  compactRevisions: 20_000,
  defragmentBytes: 100 * 1024 ** 2,
  fragmentedShare: 0.45,
  pressureShare: 0.75,
  roomShare: 0.9,
  defragmentEveryMs: 60 * 60_000,
  retryMs: 15 * 60_000,
};
