/** Observations and states as the tests of idle detection need them. */
import type { InstanceCounters, Observation } from '../../../functions/common/idle/observation.ts';
import { idlePolicySchema, type IdlePolicy } from '../../../functions/common/idle/policy.ts';
import { noteObservation, type ActivityState } from '../../../functions/common/idle/state.ts';

export const GENERATION = 3;
export const at = (minutes: number) => new Date(Date.UTC(2026, 0, 14, 0, minutes));

/** `counted`: numbers of requests that have begun and ended, or [begun, ended]. */
export function instance(
  name: string,
  counted: Record<string, number | readonly [begun: number, ended: number]> = {},
  { startedAt = 1_000, inFlight = 0 }: { startedAt?: number; inFlight?: number } = {},
): InstanceCounters {
  const counts = Object.entries(counted).map(([functionName, value]) => {
    const [begun, ended] = typeof value === 'number' ? [value, value] : value;
    return [functionName, { begun, ended }] as const;
  });
  return { instance: name, startedAt, counted: Object.fromEntries(counts), inFlight };
}

export const seeing = (...seen: InstanceCounters[]): Observation => ({ seen, unseen: [] });
export const blind = (name: string, problem = 'timed out'): Observation => ({
  seen: [],
  unseen: [{ instance: name, problem }],
});

/** What is remembered after these looks, one after the other. */
export function after(...looks: readonly (readonly [minute: number, observation: Observation])[]): ActivityState {
  let state: ActivityState | undefined;
  for (const [minute, observation] of looks) {
    state = noteObservation(state, observation, { generation: GENERATION, now: at(minute) });
  }
  if (state === undefined) throw new Error('No look was given.');
  return state;
}

export const policy = (changes: Partial<IdlePolicy> = {}): IdlePolicy => ({
  ...idlePolicySchema.parse({}),
  ...changes,
});
