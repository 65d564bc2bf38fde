/**
 * What becomes of a request that met no open rule: decided anew at each look at the cluster's record. Pure.
 *
 * The default action of the load balancer leads here: a sleeping cluster's rules are closed, and so are those of a cluster
 * that is created, woken or recovered. Opening the rules is the only switch there is (decision 2).
 */
import type { ClusterRecord } from '../common/cluster/record.ts';
import type { Motive, RequestKind } from './classify.ts';

export interface Policy {
  /** How long a request is held at most, also one that names no time of its own. */
  readonly holdMs: number;
  /** A gRPC request is given up this long before its own deadline, so that the answer still arrives. */
  readonly deadlineMarginMs: number;
  /** A cluster is awake but its rule has not reached every node of the load balancer: how long that may take. */
  readonly rulesSpreadMs: number;
  /** So often one request starts a wake, each of which has failed. */
  readonly mostWakes: number;
}

export interface Situation {
  readonly kind: RequestKind;
  /** A HEAD: the length that it asks for is none that a function could give. */
  readonly asksLength: boolean;
  readonly motive: Motive;
  /** Why the motive is what it is. */
  readonly motiveReason: string;
  /** `unread`: the registry has not answered. */
  readonly record: ClusterRecord | undefined | 'unread';
  /** Since the request arrived. */
  readonly heldMs: number;
  /** How long it may be held, see holdLimitMs. */
  readonly limitMs: number;
  /** The phase was `awake` at the first look: the request came although the rule is, or is about to be, open. */
  readonly cameAwake: boolean;
  /** Generation of the sleep whose wake this request has asked for. */
  readonly askedFor: number | undefined;
  /** How many wakes it has asked for. */
  readonly wakes: number;
  /** What was done at this look did not go through: wait for the next before it is done again. */
  readonly backingOff: boolean;
  /** Why the last relay reached no proxy. */
  readonly unreachable: string | undefined;
  /**
   * Whether it has one of the cluster's places: those of one cluster must not take the functions from the others. `uncounted`: the
   * registry did not count at this look.
   */
  readonly place: 'none' | 'taken' | 'refused' | 'uncounted';
}

export type RefusalCode =
  | 'unknown-host'
  | 'registry-unreachable'
  | 'cluster-failed'
  | 'cluster-deleting'
  | 'still-waking'
  | 'not-woken'
  | 'open-now'
  | 'too-many'
  | 'unreachable';

export type Decision =
  /** Before it waits for anything, or is relayed. */
  | { readonly action: 'take-place'; readonly cluster: string; readonly reason: string }
  /** Look again soon. */
  | { readonly action: 'hold'; readonly reason: string }
  | { readonly action: 'start-wake'; readonly cluster: string; readonly generation: number; readonly reason: string }
  | { readonly action: 'note-wake'; readonly cluster: string; readonly generation: number; readonly reason: string }
  | { readonly action: 'relay'; readonly cluster: string; readonly reason: string }
  /** Once more, to Milvus itself. */
  | { readonly action: 'send-on'; readonly reason: string }
  | { readonly action: 'refuse'; readonly code: RefusalCode; readonly reason: string }
  | { readonly action: 'wait-page'; readonly record: ClusterRecord; readonly reason: string }
  | { readonly action: 'show-progress'; readonly record: ClusterRecord; readonly reason: string }
  /** Not a use: answered at once, wakes nobody. */
  | { readonly action: 'ignore'; readonly reason: string };

/** How long a request may be held: a client's own deadline comes before our limit. */
export function holdLimitMs(
  { holdMs, deadlineMarginMs }: Pick<Policy, 'holdMs' | 'deadlineMarginMs'>,
  grpcTimeoutMs: number | undefined,
): number {
  if (grpcTimeoutMs === undefined) return holdMs;
  // Of a short time at most a quarter is given away.
  const margin = Math.min(deadlineMarginMs, grpcTimeoutMs / 4);
  return Math.max(0, Math.min(holdMs, grpcTimeoutMs - margin));
}

export function decide(situation: Situation, policy: Policy): Decision {
  const decision = decideByPhase(situation, policy);
  const { kind, record, place } = situation;
  // A wake is asked for all the same, and what is answered at once takes no place.
  const waits = decision.action === 'hold' || decision.action === 'relay';
  if (!waits || record === 'unread' || record === undefined) return decision;
  if (place === 'none') return { action: 'take-place', cluster: record.name, reason: decision.reason };
  if (place !== 'refused') return decision;
  const reason = `more requests for cluster ${record.name} came at once than are held`;
  // The page goes on by itself.
  return kind === 'browser' ? { action: 'wait-page', record, reason } : { action: 'refuse', code: 'too-many', reason };
}

function decideByPhase(situation: Situation, policy: Policy): Decision {
  const { record, kind, motive, motiveReason } = situation;
  const late = situation.heldMs >= situation.limitMs;
  if (record === 'unread') {
    if (motive === 'noise') return { action: 'ignore', reason: motiveReason };
    return late
      ? { action: 'refuse', code: 'registry-unreachable', reason: 'the registry of the clusters did not answer' }
      : { action: 'hold', reason: 'the registry has not answered yet' };
  }
  if (record === undefined) return { action: 'refuse', code: 'unknown-host', reason: 'no cluster has this host name' };
  if (motive === 'noise') return { action: 'ignore', reason: motiveReason };
  if (kind === 'progress') return { action: 'show-progress', record, reason: motiveReason };
  switch (record.phase) {
    case 'failed':
      return kind === 'browser'
        ? { action: 'wait-page', record, reason: 'the cluster has failed' }
        : { action: 'refuse', code: 'cluster-failed', reason: failureOf(record) };
    case 'deleting':
      return { action: 'refuse', code: 'cluster-deleting', reason: `cluster ${record.name} is being deleted` };
    case 'awake':
      return decideAwake(situation, record, policy);
    case 'asleep':
      return decideAsleep(situation, record, policy);
    case 'falling-asleep':
      if (motive === 'poll') return { action: 'ignore', reason: motiveReason };
      if (record.wakeWanted === undefined && !situation.backingOff) {
        const { name: cluster, generation } = record;
        return {
          action: 'note-wake',
          cluster,
          generation,
          reason: `a request came while it fell asleep: ${motiveReason}`,
        };
      }
      return waiting(situation, record);
    default:
      return waiting(situation, record);
  }
}

function decideAsleep(situation: Situation, record: ClusterRecord, { mostWakes }: Policy): Decision {
  const { motive, motiveReason, askedFor, wakes, backingOff } = situation;
  if (motive === 'poll') return { action: 'ignore', reason: motiveReason };
  const { name: cluster, generation } = record;
  if (askedFor !== generation && !backingOff) {
    if (wakes < mostWakes) return { action: 'start-wake', cluster, generation, reason: motiveReason };
    if (situation.kind !== 'browser') return { action: 'refuse', code: 'not-woken', reason: failureOf(record) };
  }
  return waiting(situation, record);
}

function decideAwake(
  { kind, asksLength, heldMs, limitMs, cameAwake, backingOff, unreachable }: Situation,
  record: ClusterRecord,
  { rulesSpreadMs }: Policy,
): Decision {
  if (kind === 'grpc' || asksLength) {
    // The same again will meet the open rule. What comes here all the same waits a little first: clients do not try for ever.
    if (cameAwake && heldMs < Math.min(rulesSpreadMs, limitMs)) {
      return { action: 'hold', reason: 'the rule has not reached every node of the load balancer yet' };
    }
    const reason = `cluster ${record.name} is awake, the same call works now`;
    return asksLength ? { action: 'send-on', reason } : { action: 'refuse', code: 'open-now', reason };
  }
  if (unreachable !== undefined && heldMs >= limitMs) {
    return { action: 'refuse', code: 'unreachable', reason: `cluster ${record.name} is awake, but ${unreachable}` };
  }
  return backingOff
    ? { action: 'hold', reason: unreachable ?? 'the last try did not go through' }
    : { action: 'relay', cluster: record.name, reason: 'the cluster is awake' };
}

function waiting({ kind, heldMs, limitMs }: Situation, record: ClusterRecord): Decision {
  const { name, phase } = record;
  if (kind === 'browser') return { action: 'wait-page', record, reason: `cluster ${name} is ${phase}` };
  return heldMs >= limitMs
    ? { action: 'refuse', code: 'still-waking', reason: `cluster ${name} is ${phase}` }
    : { action: 'hold', reason: `cluster ${name} is ${phase}` };
}

function failureOf({ name, phase, failure }: ClusterRecord): string {
  const why = failure === undefined ? '' : `: ${failure.error}: ${failure.message} ${failure.advice}`;
  return phase === 'failed' ? `cluster ${name} has failed${why}` : `cluster ${name} could not be woken${why}`;
}
