/**
 * Time that passes only when everything waits for it: how long something takes whose every wait is known, whatever the machine
 * that works it out is busy with. What waits for something else (a compression, say) takes no time.
 */
import { setImmediate as turn } from 'node:timers/promises';

export interface VirtualTime {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Until `work` is done; answers with what it answered. No time passes while it is `busy` with something else. */
  readonly run: <Result>(work: Promise<Result>, busy: () => boolean) => Promise<Result>;
}

/** Turns of the event loop after which whoever could go on without time has. */
const TURNS = 3;
/** Of real time: longer than that nothing that is not a wait for this time may take. */
const STUCK_MS = 10_000;

export function virtualTime(start = 0): VirtualTime {
  let now = start;
  let waiting: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (milliseconds) =>
      new Promise((wake) => {
        waiting.push({ at: now + milliseconds, wake });
      }),
    run: async (work, busy) => {
      const state = { done: false };
      const finished = work.finally(() => {
        state.done = true;
      });
      // Whoever asks for the result gets its error.
      finished.catch(() => undefined);
      let stuckAt = Date.now() + STUCK_MS;
      for (;;) {
        for (let nth = 0; nth < TURNS; nth += 1) await turn();
        if (state.done) return finished;
        const next = Math.min(...waiting.map(({ at }) => at));
        if (next === Infinity || busy()) {
          if (Date.now() > stuckAt) throw new Error('Everything waits, and for nothing that comes with time.');
          continue;
        }
        stuckAt = Date.now() + STUCK_MS;
        now = next;
        const due = waiting.filter(({ at }) => at <= now);
        waiting = waiting.filter(({ at }) => at > now);
        for (const { wake } of due) wake();
      }
    },
  };
}
