/**
 * A day of one cluster: the product's own idle decision, asked every minute as it is asked on AWS, with the time as a parameter.
 * How long a sleep and a wake take is measured elsewhere and comes in. Pure.
 */
import { decideIdle, type IdleDecision } from '../../functions/common/idle/decide.ts';
import type { IdlePolicy } from '../../functions/common/idle/policy.ts';
import { noteObservation, type ActivityState } from '../../functions/common/idle/state.ts';

export type DayPhase = 'awake' | 'falling-asleep' | 'asleep' | 'waking';

export interface Span {
  readonly phase: DayPhase;
  /** Seconds since midnight. */
  readonly from: number;
  readonly to: number;
}

export interface Day {
  readonly spans: readonly Span[];
  /** Requests that met no awake cluster, and how many seconds each of them waited. */
  readonly waits: readonly { readonly at: number; readonly seconds: number }[];
}

export interface DayInput {
  /** Seconds since midnight, in order. */
  readonly requests: readonly number[];
  readonly policy: IdlePolicy;
  readonly midnight: Date;
  readonly sleepSeconds: number;
  readonly wakeSeconds: number;
}

const DAY_SECONDS = 24 * 60 * 60;
const MINUTE = 60;
/** The proxy that counts; another one after each wake. */
const PROXY = 'proxy@10.0.0.1';

export function simulateDay({ requests, policy, midnight, sleepSeconds, wakeSeconds }: DayInput): Day {
  const spans: Span[] = [];
  const waits: { at: number; seconds: number }[] = [];
  const enter = (phase: DayPhase, from: number, to: number) => {
    if (from < DAY_SECONDS) spans.push({ phase, from, to: Math.min(to, DAY_SECONDS) });
  };
  let generation = 0;
  let asleepFrom = 0;
  for (;;) {
    const request = requests.find((time) => time >= asleepFrom);
    enter('asleep', asleepFrom, request ?? DAY_SECONDS);
    if (request === undefined) break;
    let wakeFrom = request;
    for (;;) {
      const awakeFrom = wakeFrom + wakeSeconds;
      enter('waking', wakeFrom, awakeFrom);
      waits.push(
        ...requests.filter((time) => time >= wakeFrom && time < awakeFrom).map((time) => wait(time, awakeFrom)),
      );
      generation += 1;
      const idleAt = awakeUntil({ requests, policy, midnight, generation, awakeFrom });
      enter('awake', awakeFrom, idleAt);
      asleepFrom = idleAt + sleepSeconds;
      enter('falling-asleep', idleAt, asleepFrom);
      // What comes on the way down is served by a wake right after, at the latest: it may turn the sleep round, too.
      const late = requests.filter((time) => time >= idleAt && time < asleepFrom);
      if (late.length === 0 || asleepFrom >= DAY_SECONDS) break;
      waits.push(...late.map((time) => wait(time, asleepFrom + wakeSeconds)));
      wakeFrom = asleepFrom;
    }
    if (asleepFrom >= DAY_SECONDS) break;
  }
  return { spans, waits };
}

const wait = (at: number, answered: number) => ({ at, seconds: answered - at });

/** The minute in which it is found idle; the end of the day when it is not. */
function awakeUntil({
  requests,
  policy,
  midnight,
  generation,
  awakeFrom,
}: Pick<DayInput, 'requests' | 'policy' | 'midnight'> & {
  readonly generation: number;
  readonly awakeFrom: number;
}): number {
  const moment = (seconds: number) => new Date(midnight.getTime() + seconds * 1_000);
  const awakeSince = moment(awakeFrom).toISOString();
  let state: ActivityState | undefined;
  for (let minute = Math.ceil(awakeFrom / MINUTE) * MINUTE; minute < DAY_SECONDS; minute += MINUTE) {
    const now = moment(minute);
    const answered = requests.filter((time) => time < minute && time + MINUTE > awakeFrom - MINUTE).length;
    const counted = { Search: { begun: answered, ended: answered } };
    const seen = [{ instance: PROXY, startedAt: awakeFrom, counted, inFlight: 0 }];
    state = noteObservation(state, { seen, unseen: [] }, { generation, now });
    if (fallsAsleep(decideIdle({ state, awakeSince }, policy, now), state, awakeSince, policy, now)) return minute;
  }
  return DAY_SECONDS;
}

function fallsAsleep(
  decision: IdleDecision,
  state: ActivityState,
  awakeSince: string,
  policy: IdlePolicy,
  now: Date,
): boolean {
  if (decision.action !== 'look') return decision.action === 'sleep';
  return decideIdle({ state, awakeSince, work: { state: 'none' } }, policy, now).action === 'sleep';
}
