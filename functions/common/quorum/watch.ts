/** Since when conditions hold: what lets a pure assessment tell "just now" from "for too long". */
import type { QuorumMemory } from './observation.ts';

export interface Watch {
  /** Notes that the condition holds now; true when it has held for `limitMs` without a break. */
  readonly longerThan: (condition: string, limitMs: number) => boolean;
  /** The conditions that were noted, for the next assessment; all others are over. */
  readonly kept: () => Record<string, number>;
}

export function watchOver(memory: QuorumMemory, now: number): Watch {
  const noted = new Map<string, number>();
  return {
    longerThan: (condition, limitMs) => {
      const since = memory.since[condition] ?? now;
      noted.set(condition, since);
      return now - since >= limitMs;
    },
    kept: () => Object.fromEntries(noted),
  };
}
