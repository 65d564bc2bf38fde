/** Since when conditions hold: what lets a pure assessment tell "just now" from "for too long". */
import type { QuorumMemory } from './observation.ts';

export interface Watch {
  /** Notes that the condition holds now; true when it has held for `limitMs` without a break. */
  readonly longerThan: (condition: string, limitMs: number) => boolean;
  /** The conditions that were noted, for the next assessment; all others are over. */
  readonly kept: () => Record<string, number>;
}

/** `longestGapMs`: what was seen before a longer time without a look is forgotten. */
export function watchOver({ since: seen, seenAt }: QuorumMemory, longestGapMs: number, now: number): Watch {
  const noted = new Map<string, number>();
  const before = seenAt !== undefined && now - seenAt > longestGapMs ? {} : seen;
  return {
    longerThan: (condition, limitMs) => {
      const since = before[condition] ?? now;
      noted.set(condition, since);
      return now - since >= limitMs;
    },
    kept: () => Object.fromEntries(noted),
  };
}
