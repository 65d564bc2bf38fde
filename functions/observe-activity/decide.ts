/** The last look at a cluster's activity, before and while it falls asleep. Pure. */
import { decideIdle } from '../common/idle/decide.ts';
import type { IdlePolicy } from '../common/idle/policy.ts';
import type { InstanceCounters, Observation } from '../common/idle/observation.ts';
import { countedInFlight } from '../common/idle/observation.ts';
import { activityIn, type ActivityState } from '../common/idle/state.ts';
import { workReason, type Work } from '../common/idle/work.ts';
import { boundedNames, boundedText } from '../common/lambda/bounded.ts';

/** What is looked for. */
export const LOOKS = [
  /** Anything that has happened since it was decided to put the cluster to sleep: before it falls asleep by itself. */
  'activity',
  /** Only what Milvus does by itself: before it falls asleep because somebody asked for it. */
  'work',
  /** Requests that are being answered, and the work that the last of them began: once nobody is let in any more. */
  'in-flight',
] as const;
export type Look = (typeof LOOKS)[number];

export interface LastLook {
  readonly idle: boolean;
  readonly reason: string;
}

/** When it woke up is not asked any more: it had been awake for long enough when it was decided. */
const LONG_AGO = new Date(0).toISOString();

/**
 * `state` may be newer than the decision to put the cluster to sleep, and `policy` too: what was asked of it in the minutes that
 * the request for this sleep was under way is in the state already.
 */
export function decideActivity(
  state: ActivityState | undefined,
  observation: Observation,
  work: Work,
  policy: IdlePolicy,
  now: Date,
): LastLook {
  if (state === undefined) return busy('its activity was never looked at before');
  const unseen = unseenReason(observation);
  if (unseen !== undefined) return busy(unseen);
  const asked = activityIn(state, observation);
  if (asked !== undefined) return busy(`it was asked something meanwhile: ${asked}`);
  const answering = observation.seen.flatMap(({ counted }) => countedInFlight(counted) ?? []);
  // What was in flight when it was decided was taken for a mistake in counting then (IN_FLIGHT_LIMIT_MS).
  if (answering.length > 0 && state.inFlight === undefined) return busy(`it answers ${boundedNames(answering)}`);
  const decision = decideIdle({ state, awakeSince: LONG_AGO, work }, policy, now);
  return decision.action === 'stay-awake' ? busy(decision.reason) : decideWork(work);
}

export function decideWork(work: Work): LastLook {
  return work.state === 'none'
    ? { idle: true, reason: 'nothing is asked of it, and it does nothing by itself' }
    : busy(workReason(work));
}

/**
 * Two looks in a row that see the same: a request that the load balancer had let through already may arrive after the
 * first.
 */
export function decideInFlight(before: Observation | undefined, observation: Observation): LastLook {
  const unseen = unseenReason(observation);
  if (unseen !== undefined) return busy(unseen);
  const busyAt = observation.seen.filter(({ inFlight }) => inFlight > 0);
  if (busyAt.length > 0) {
    return busy(
      boundedNames(
        busyAt.map(({ instance, inFlight }) => `${inFlight} requests in flight at ${instance}`),
        '; ',
      ),
    );
  }
  if (before === undefined) return busy('it was looked at only once');
  const asked = activityIn({ instances: Object.fromEntries(before.seen.map(byInstance)) }, observation);
  return asked === undefined ? { idle: true, reason: 'nothing is in flight' } : busy(`it was just asked ${asked}`);
}

function byInstance({ instance, startedAt, counted }: InstanceCounters) {
  return [instance, { startedAt, counted }] as const;
}

function unseenReason({ unseen }: Observation): string | undefined {
  return unseen.length === 0
    ? undefined
    : `its activity cannot be seen (${boundedNames(
        unseen.map(({ instance, problem }) => `${instance}: ${problem}`),
        '; ',
      )})`;
}

function busy(reason: string): LastLook {
  return { idle: false, reason: boundedText(reason) };
}
