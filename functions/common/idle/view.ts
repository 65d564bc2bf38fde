/** What people are told about a cluster that is awake: made when they ask, so that nobody has to write it down each minute. */
import { z } from 'zod';
import type { ClusterRecord } from '../cluster/record.ts';
import { AWAKE_REASONS, decideIdle, nextPossibleSleep } from './decide.ts';
import { idlePolicyOf } from './policy.ts';
import type { ActivityState } from './state.ts';

export const idleViewSchema = z
  .object({
    because: z
      .enum([...AWAKE_REASONS, 'not-observed', 'idle'])
      .meta({ description: 'Why it is awake, for programs; `idle`: nothing keeps it awake any more.' }),
    reason: z.string().meta({ description: 'Why it is awake, for people.' }),
    lastActivity: z
      .object({ at: z.iso.datetime(), what: z.string() })
      .optional()
      .meta({ description: 'What was last asked of it, known to the minute.' }),
    idleSince: z.iso.datetime().optional().meta({ description: 'Since when nothing is asked of it.' }),
    unseenSince: z.iso
      .datetime()
      .optional()
      .meta({ description: 'Since when its activity cannot be seen: it stays awake until it can.' }),
    nextPossibleSleep: z.iso
      .datetime()
      .optional()
      .meta({ description: 'When it falls asleep if nothing is asked of it; absent where that cannot be told.' }),
  })
  .meta({ id: 'IdleState' });

export type IdleView = z.infer<typeof idleViewSchema>;

/** Undefined unless the cluster is awake. */
export function idleView(
  {
    phase,
    generation,
    phaseSince: awakeSince,
    spec,
  }: Pick<ClusterRecord, 'phase' | 'generation' | 'phaseSince' | 'spec'>,
  state: ActivityState | undefined,
  now: Date,
): IdleView | undefined {
  if (phase !== 'awake') return undefined;
  if (state?.generation !== generation) {
    return { because: 'not-observed', reason: 'nobody has looked at its activity yet; that happens every minute' };
  }
  const policy = idlePolicyOf(spec);
  const decision = decideIdle({ state, awakeSince }, policy, now);
  const next = nextPossibleSleep({ state, awakeSince }, policy, now);
  const facts = {
    lastActivity: state.lastActivity,
    ...(state.inFlight === undefined ? { idleSince: state.lastActivity.at } : {}),
  };
  if (decision.action !== 'stay-awake' && state.workUnseen !== undefined) {
    const { since, problem } = state.workUnseen;
    return { because: 'unseen', reason: `${problem}, so it is taken for working`, ...facts, unseenSince: since };
  }
  return {
    because: decision.action === 'stay-awake' ? decision.because : 'idle',
    reason: decision.reason,
    ...facts,
    ...(state.unseen === undefined ? {} : { unseenSince: state.unseen.since }),
    ...(next === undefined ? {} : { nextPossibleSleep: next.toISOString() }),
  };
}
