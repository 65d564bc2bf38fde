/** How long a quorum's members may be in a state that should pass by itself. */
export interface QuorumPolicy {
  /** A task that runs but does not answer, or has no leader, is waited for so long, then it counts as failed. */
  readonly unreachableMs: number;
  /** From RunTask to RUNNING: an image may have to be pulled. */
  readonly startMs: number;
  /** A learner may take so long to catch up with the leader. */
  readonly learnerMs: number;
}

export const QUORUM_POLICY: QuorumPolicy = { unreachableMs: 60_000, startMs: 300_000, learnerMs: 300_000 };
