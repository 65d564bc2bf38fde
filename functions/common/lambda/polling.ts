/**
 * Waiting inside a function, for what sends no event (a process that becomes healthy, a load balancer target). The
 * function returns in time with "not ready" as a value; the state machine calls again until its own deadline.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

export interface PollOptions {
  readonly intervalMs: number;
  readonly budgetMs: number;
  readonly clock: Clock;
}

/** Asks every `intervalMs` until `observe` is ready or `budgetMs` is over; returns the last answer. */
export async function pollUntil<Answer extends { readonly ready: boolean }>(
  observe: () => Promise<Answer>,
  { intervalMs, budgetMs, clock }: PollOptions,
): Promise<Answer> {
  const deadline = clock.now() + budgetMs;
  for (;;) {
    const answer = await observe();
    if (answer.ready || clock.now() + intervalMs >= deadline) return answer;
    await clock.sleep(intervalMs);
  }
}

/** What `work` gives, or `late` when that takes longer; the work itself goes on. */
export async function within<Value>(work: Promise<Value>, ms: number): Promise<Value | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => {
      resolve('late');
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
