/** Whether a cluster that is awake may fall asleep. Pure: what was seen over time, the owner's policy, and the time. */
import { type IdlePolicy, keptAwakeUntil } from './policy.ts';
import type { ActivityState } from './state.ts';
import { type Work, workReason } from './work.ts';

const MINUTE_MS = 60_000;
/**
 * No request of Milvus takes longer. Should Milvus ever forget to count the end of one, the cluster would stay awake for
 * ever: what is in flight and has not moved for so long is taken for such a mistake.
 */
export const IN_FLIGHT_LIMIT_MS = 60 * MINUTE_MS;

export const AWAKE_REASONS = [
  'never',
  'unseen',
  'keep-awake',
  'minimum-awake',
  'in-flight',
  'active',
  'working',
] as const;
export type AwakeReason = (typeof AWAKE_REASONS)[number];

export interface IdleFacts {
  readonly state: ActivityState;
  /** ISO 8601: when the cluster woke up. */
  readonly awakeSince: string;
  /** Imports, compactions, index builds; absent while nobody has looked, which is only worth it when all else is still. */
  readonly work?: Work;
}

export type IdleDecision =
  | { readonly action: 'sleep'; readonly idleSince: string; readonly reason: string }
  /** All that costs next to nothing to see is still: look whether Milvus works by itself, then decide again. */
  | { readonly action: 'look'; readonly idleSince: string; readonly reason: string }
  | {
      readonly action: 'stay-awake';
      readonly because: AwakeReason;
      readonly reason: string;
      /** ISO 8601: when this reason is over, unless something happens; absent where that cannot be told. */
      readonly until?: string;
    };

export function decideIdle({ state, awakeSince, work }: IdleFacts, policy: IdlePolicy, now: Date): IdleDecision {
  const { lastActivity } = state;
  if (policy.never) return stay('never', 'its policy says that it never falls asleep');
  if (state.unseen !== undefined) {
    const { since, problem } = state.unseen;
    return stay('unseen', `its activity cannot be seen since ${since} (${problem}), so it is taken for active`);
  }
  const kept = keptAwakeUntil(policy.keepAwake, now);
  if (kept !== undefined) return stay('keep-awake', `its policy keeps it awake until ${kept.toISOString()}`, kept);
  const minimum = new Date(Date.parse(awakeSince) + policy.minimumAwake * MINUTE_MS);
  if (minimum > now) {
    return stay(
      'minimum-awake',
      `it woke up at ${awakeSince} and stays awake for ${inMinutes(policy.minimumAwake)}`,
      minimum,
    );
  }
  const quiet = now.getTime() - Date.parse(lastActivity.at);
  if (state.inFlight !== undefined && quiet < IN_FLIGHT_LIMIT_MS) {
    return stay('in-flight', `requests are being answered: ${state.inFlight}`);
  }
  const over = new Date(Date.parse(lastActivity.at) + policy.window * MINUTE_MS);
  if (over > now) {
    return stay('active', `it was last asked something at ${lastActivity.at}: ${lastActivity.what}`, over);
  }
  const idle = {
    idleSince: lastActivity.at,
    reason: `nothing was asked of it since ${lastActivity.at}, for ${inMinutes(Math.floor(quiet / MINUTE_MS))}`,
  };
  if (work === undefined) return { action: 'look', ...idle };
  switch (work.state) {
    case 'none':
      return { action: 'sleep', ...idle };
    case 'running':
      return stay('working', workReason(work));
    case 'unseen':
      return stay('unseen', `${workReason(work)}, so it is taken for working`);
  }
}

function stay(because: AwakeReason, reason: string, until?: Date): IdleDecision {
  return { action: 'stay-awake', because, reason, ...(until === undefined ? {} : { until: until.toISOString() }) };
}

function inMinutes(count: number): string {
  return `${count} ${count === 1 ? 'minute' : 'minutes'}`;
}

/** When it may fall asleep at the earliest, if nothing is asked of it until then; absent where that cannot be told. */
export function nextPossibleSleep({ state, awakeSince }: IdleFacts, policy: IdlePolicy, now: Date): Date | undefined {
  if (policy.never || state.unseen !== undefined || state.inFlight !== undefined) return undefined;
  const earliest = new Date(
    Math.max(
      now.getTime(),
      Date.parse(state.lastActivity.at) + policy.window * MINUTE_MS,
      Date.parse(awakeSince) + policy.minimumAwake * MINUTE_MS,
    ),
  );
  return keptAwakeUntil(policy.keepAwake, earliest) ?? earliest;
}
