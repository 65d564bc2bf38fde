/**
 * Holds a request: looks at the cluster, decides, acts, and looks again, until there is an answer or no time is left. No
 * failure of a call ends it: what did not go through is tried again at the next look.
 */
import type { ClusterRecord, Ownership, WakeWanted } from '../common/cluster/record.ts';
import type { RelayRequest, RelayResult } from '../common/http/relayed.ts';
import { messageOf } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { itself, page, progress, refusal, relayed, type EntryAnswer } from './answers.ts';
import type { Classified } from './classify.ts';
import { decide, holdLimitMs, type Decision, type Policy, type Situation } from './decide.ts';
import { grpcTimeoutMs } from './grpc-timeout.ts';
import { hostOf } from './host.ts';
import { SCRIPT_HASH, progressOf, waitingPage } from './page.ts';
import { placeOf, type Place, type PlaceDeps } from './place.ts';
import { arrivalMs, headerOf, type EntryRequest } from './request.ts';
import type { StartOutcome } from './start-wake.ts';

export interface HoldDeps extends PlaceDeps {
  readonly find: (host: string, nowMs: number) => Promise<ClusterRecord | undefined>;
  readonly read: (cluster: string) => Promise<ClusterRecord | undefined>;
  readonly startWake: (sleep: Ownership, reason: string) => Promise<StartOutcome>;
  /** A wake of this name is over and the cluster still asleep: on to the next name. */
  readonly skipGeneration: (sleep: Ownership) => Promise<boolean>;
  readonly noteWake: (sleep: Ownership, wanted: WakeWanted) => Promise<boolean>;
  readonly relay: (request: RelayRequest) => Promise<RelayResult>;
  /** In [0, 1). */
  readonly draw: () => number;
  readonly policy: Policy;
}

/** A look costs one read, and comes late by its distance at most: a small part of what was waited. */
const LOOK_SHARE = 0.03;
const SHORTEST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 1_000;
/** While the rules are being opened: what is left of the wake is short, and then only this look stands before the answer. */
const OPENING_LOOK_MS = 100;

/** How long to wait until the next look, after so long; a quarter more or less, so that many do not look at once. */
export function lookIntervalMs({ heldMs, opening }: { heldMs: number; opening: boolean }, draw: number): number {
  const interval = opening ? OPENING_LOOK_MS : Math.max(SHORTEST_LOOK_MS, heldMs * LOOK_SHARE);
  return Math.min(LONGEST_LOOK_MS, interval) * (0.75 + draw / 2);
}

type Memory = Pick<Situation, 'cameAwake' | 'askedFor' | 'wakes' | 'backingOff' | 'unreachable' | 'place'>;
type Step = { readonly answer: EntryAnswer } | { readonly remember: Partial<Memory>; readonly lookNow: boolean };

export async function holdRequest(deps: HoldDeps, request: EntryRequest, classified: Classified): Promise<EntryAnswer> {
  const timeout = classified.kind === 'grpc' ? grpcTimeoutMs(headerOf(request, 'grpc-timeout')) : undefined;
  const limitMs = holdLimitMs(deps.policy, timeout);
  const place = placeOf(deps);
  try {
    return await untilAnswered(deps, request, classified, { limitMs, place });
  } finally {
    // The other half of what a client's own deadline leaves is for the way of the answer.
    await place.giveBack(timeout === undefined ? Infinity : (timeout - limitMs) / 2);
  }
}

async function untilAnswered(
  deps: HoldDeps,
  request: EntryRequest,
  { kind, motive, reason: motiveReason }: Classified,
  { limitMs, place }: { readonly limitMs: number; readonly place: Place },
): Promise<EntryAnswer> {
  const { clock, policy } = deps;
  const arrived = arrivalMs(headerOf(request, 'x-amzn-trace-id'), clock.now());
  const host = hostOf(headerOf(request, 'host'));
  if (host === undefined) return refusal(kind, 'unknown-host', '');

  const remaining = () => Math.max(0, limitMs - (clock.now() - arrived));
  const asksLength = kind !== 'grpc' && request.method === 'HEAD';
  let record: ClusterRecord | undefined | 'unread' = 'unread';
  let memory: Memory = {
    ...{ cameAwake: false, askedFor: undefined, wakes: 0, backingOff: false, unreachable: undefined, place: 'none' },
  };
  let cluster: string | undefined;
  let looks = 0;
  for (;;) {
    // The first look has all the time it needs, for without it nobody wakes. What a later one has not seen in time is as before.
    if (looks === 0 || remaining() > 0) {
      const look = readOr(cluster === undefined ? () => deps.find(host, clock.now()) : readAgain(deps, cluster), host);
      const seen = looks === 0 ? await look : await deps.within(look, remaining());
      if (seen !== 'late') record = seen;
      looks += 1;
    }
    if (record !== 'unread' && record !== undefined) {
      if (cluster === undefined) memory = { ...memory, cameAwake: record.phase === 'awake' };
      cluster = record.name;
    }
    const heldMs = clock.now() - arrived;
    const decision = decide({ kind, asksLength, motive, motiveReason, record, heldMs, limitMs, ...memory }, policy);
    if (decision.action === 'take-place') {
      memory = { ...memory, place: await place.take(decision.cluster, remaining()) };
      continue;
    }
    memory = { ...memory, backingOff: false };
    const step = await act(deps, decision, request, kind, memory, remaining());
    if ('answer' in step) {
      const { action, reason } = decision;
      const event = action === 'ignore' ? LOG_EVENTS.requestIgnored : LOG_EVENTS.requestHeld;
      const { statusCode } = step.answer;
      logger.info(reason, { event, cluster, kind, action, looks, heldMs: clock.now() - arrived, status: statusCode });
      return step.answer;
    }
    memory = { ...memory, ...step.remember };
    if (step.lookNow) continue;
    const held = clock.now() - arrived;
    const opening = record !== 'unread' && record?.entryOpen === true;
    const interval = lookIntervalMs({ heldMs: held, opening }, deps.draw());
    await clock.sleep(held < limitMs ? Math.min(interval, limitMs - held) : interval);
    if (memory.place === 'uncounted') memory = { ...memory, place: 'none' };
  }
}

const readAgain = (deps: HoldDeps, cluster: string) => () => deps.read(cluster);

async function readOr(
  read: () => Promise<ClusterRecord | undefined>,
  host: string,
): Promise<ClusterRecord | undefined | 'unread'> {
  try {
    return await read();
  } catch (error) {
    logger.warn('the registry did not answer', { event: LOG_EVENTS.registryUnread, host, reason: messageOf(error) });
    return 'unread';
  }
}

async function act(
  deps: HoldDeps,
  decision: Exclude<Decision, { action: 'take-place' }>,
  request: EntryRequest,
  kind: Classified['kind'],
  memory: Memory,
  remainingMs: number,
): Promise<Step> {
  const { clock } = deps;
  switch (decision.action) {
    case 'hold':
      return { remember: {}, lookNow: false };
    case 'start-wake': {
      const { cluster, generation, reason } = decision;
      const start = deps.startWake({ cluster, generation }, reason);
      // Past the limit nobody waits for the answer any more, but the wake is still wanted.
      const outcome = remainingMs > 0 ? await deps.within(start, remainingMs) : await start;
      if (outcome === 'asked') return { remember: { askedFor: generation, wakes: memory.wakes + 1 }, lookNow: true };
      if (outcome === 'ended') await attempt(deps.skipGeneration({ cluster, generation }), cluster);
      return { remember: { backingOff: true }, lookNow: true };
    }
    case 'note-wake': {
      const { cluster, generation, reason } = decision;
      const wanted = { at: new Date(clock.now()).toISOString(), reason };
      await attempt(deps.noteWake({ cluster, generation }, wanted), cluster);
      return { remember: { backingOff: true }, lookNow: true };
    }
    case 'relay': {
      const { method, target, headers, body, isBase64Encoded } = request;
      const { cluster } = decision;
      const result = await deps.relay({
        ...{ cluster, method, target, body, isBase64Encoded },
        headers: headers.map(([name, value]): [string, string] => [name, value]),
      });
      if (result.kind === 'unreachable') {
        return { remember: { backingOff: true, unreachable: result.reason }, lookNow: true };
      }
      return { answer: result.kind === 'broken' ? refusal(kind, 'broken', result.reason) : relayed(result, target) };
    }
    case 'send-on':
      return { answer: itself(request.target) };
    case 'refuse':
      return { answer: refusal(kind, decision.code, decision.reason) };
    case 'ignore':
      return { answer: refusal(kind, 'not-a-use', decision.reason) };
    case 'wait-page':
      return { answer: page(waitingPage(decision.record, clock.now()), SCRIPT_HASH) };
    case 'show-progress':
      return { answer: progress(progressOf(decision.record, clock.now())) };
  }
}

/** What did not go through is done at the next look, if it is still to be done. */
async function attempt(write: Promise<boolean>, cluster: string): Promise<void> {
  try {
    await write;
  } catch (error) {
    logger.warn('the registry took no note', {
      event: LOG_EVENTS.registryUnread,
      cluster,
      reason: messageOf(error),
    });
  }
}
