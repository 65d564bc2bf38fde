/**
 * What the minutely watch over a quorum does about what it saw. ECS sends no event for a member that stands still or is
 * cut off from the network, an event can get lost, and an execution can die without anybody noticing: this is what
 * notices. Pure.
 *
 * It does not judge members by itself: it asks the assessment of replace-member whether that machine would find anything
 * to do, and has it started. So there is one set of laws, and starting the machine for nothing is harmless: it looks again
 * at everything and ends.
 */
import { z } from 'zod';
import { readyConditions, type Condition } from '../cluster/conditions.ts';
import { OF_MAINTENANCE } from '../maintenance/decide.ts';
import type { Decision } from './assess.ts';

export interface VigilPolicy {
  /** After a request the next one waits so long, then twice as long, and so on: what does not help is not done every minute. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** A bit less than the schedule's minute, which is never on the dot. */
export const VIGIL_POLICY: VigilPolicy = { firstPauseMs: 50_000, longestPauseMs: 30 * 60_000 };

/** What one minute leaves to the next. There is none while a quorum is healthy. */
export const vigilMemorySchema = z.object({
  /** ISO 8601: the first look in a row that found something wrong. */
  troubledSince: z.string(),
  /** Since then. */
  requests: z.int().min(0),
  /** ISO 8601 */
  requestedAt: z.string().optional(),
});

export type VigilMemory = z.infer<typeof vigilMemorySchema>;

export interface VigilInput {
  /** What replace-member would do now. */
  readonly assessment: Decision;
  /** The execution that has the metadata lock. */
  readonly worker: string | undefined;
  readonly memory: VigilMemory | undefined;
  /** MetadataReady, as the record has it. */
  readonly condition: Condition;
}

export interface VigilDecision {
  readonly action: 'none' | 'request-replacement';
  readonly reason: string;
  /** For the next minute; undefined when there is nothing to remember. */
  readonly memory: VigilMemory | undefined;
  /** Only when it is to be changed. */
  readonly condition?: Condition;
}

export function keepVigil(
  { assessment, worker, memory: remembered, condition: before }: VigilInput,
  policy: VigilPolicy,
  now: Date,
): VigilDecision {
  const at = now.toISOString();
  // What was asked for has helped, between two looks: this is another trouble.
  const over = before.status === 'True' && before.observedAt > (remembered?.requestedAt ?? at);
  const memory = over ? undefined : remembered;
  const healthy = assessment.action.kind === 'none';
  // Only a machine that ended before its last step leaves this behind: members that it has replaced may have no name yet.
  const unfinished = healthy && before.status === 'Unknown';
  if (worker !== undefined) {
    // It says itself how things are, and does not let go before it has looked at everything.
    const trouble = healthy ? undefined : (memory ?? { troubledSince: at, requests: 0 });
    return { action: 'none', reason: `${worker} works on the members: ${assessment.reason}`, memory: trouble };
  }
  if (healthy && !unfinished) {
    return {
      action: 'none',
      reason: assessment.reason,
      memory: undefined,
      ...(before.status === 'True' || OF_MAINTENANCE.includes(before.reason)
        ? {}
        : { condition: readyConditions(at).MetadataReady }),
    };
  }
  const reason = unfinished
    ? `${assessment.reason}, but it is not known that all of them can be found: ${before.message}`
    : assessment.reason;
  const told = unfinished ? {} : tellDegraded(before, reason, at);
  const known = memory ?? { troubledSince: at, requests: 0 };
  const pause = Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** Math.max(0, known.requests - 1));
  const pausedFor = known.requestedAt === undefined ? Infinity : now.getTime() - Date.parse(known.requestedAt);
  if (pausedFor < pause) {
    return {
      action: 'none',
      reason: `${reason}; asked for ${known.requests} time(s) already, next after ${Math.ceil(pause / 1_000)} s`,
      memory: known,
      ...told,
    };
  }
  return {
    action: 'request-replacement',
    reason,
    memory: { ...known, requests: known.requests + 1, requestedAt: at },
    ...told,
  };
}

/** What a replacement that failed has said is worth more than that the failure still lasts. */
function tellDegraded(before: Condition, message: string, observedAt: string): { condition?: Condition } {
  const said = before.status === 'False' && (before.reason !== DEGRADED || before.message === message);
  return said ? {} : { condition: { type: 'MetadataReady', status: 'False', reason: DEGRADED, message, observedAt } };
}

/** As replace-member says it too (observe-members). */
const DEGRADED = 'QuorumDegraded';
