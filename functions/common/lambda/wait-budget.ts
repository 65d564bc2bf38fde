import type { PollOptions } from './polling.ts';

/** How long one invocation waits for something that sends no event, before it answers "not ready" and is called again. */
export const WAIT_BUDGET_MS = 20_000;
/** Between two looks. Milvus and etcd answer in a millisecond or two, so this bounds what is lost, not what is spent. */
const WAIT_INTERVAL_MS = 100;

/**
 * The functions that a state machine calls again and again, by the names of their folders. How long they wait bounds how often,
 * and with it the history of an execution, which ends at 25,000 events (tests/unit/statemachines/histories.test.ts).
 */
export const WAITS = {
  /** Short, like the next two: a task of which an event got lost is seen only by the next round, which asks ECS. */
  'advance-quorum': { intervalMs: 25, budgetMs: 5_000 },
  'assess-quorum': { intervalMs: 50, budgetMs: 5_000 },
  'probe-quorum': { intervalMs: WAIT_INTERVAL_MS, budgetMs: 5_000 },
  'probe-compute': { intervalMs: WAIT_INTERVAL_MS, budgetMs: WAIT_BUDGET_MS },
  /** An AWS API with a rate limit that all clusters share, so it is asked less often than a task is. */
  'check-targets': { intervalMs: 500, budgetMs: WAIT_BUDGET_MS },
  /**
   * Asking the query coordinator more often makes loading slower (measured, see the design). As long as a function of 90 s may
   * wait.
   */
  'verify-cluster': { intervalMs: 500, budgetMs: 45_000 },
} as const satisfies Record<string, Omit<PollOptions, 'clock'>>;
