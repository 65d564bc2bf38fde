/** How long a quorum's members may be in a state that should pass by itself. */
export interface QuorumPolicy {
  /**
   * A task that runs but does not answer, or has no leader, is waited for so long, then it counts as failed. ECS sends no
   * event for it: the minutely watch notices it after 0 to 60 s, and hands over since when. So a member that stays silent is
   * replaced 40 to 100 s after it fell silent, and one that stands still for 30 s stays.
   */
  readonly unreachableMs: number;
  /** From RunTask to RUNNING: an image may have to be pulled. */
  readonly startMs: number;
  /** A learner may take so long to catch up with the leader. */
  readonly learnerMs: number;
  /** Between two looks. After a longer one nobody knows whether a state held all the time, and its time starts anew. */
  readonly longestGapMs: number;
}

export const QUORUM_POLICY: QuorumPolicy = {
  unreachableMs: 40_000,
  startMs: 300_000,
  learnerMs: 300_000,
  longestGapMs: 20_000,
};
