/**
 * What an execution of sleep-cluster has to do, given the record: a whole sleep, or the rest of one that died, or what a
 * failed wake left. Pure. One way down for everything keeps every phase between awake and asleep from lasting for ever.
 */
import { awakeConditions } from '../common/cluster/conditions.ts';
import type { ClusterRecord, NapPoint, NapRecord, NapWay } from '../common/cluster/record.ts';
import { NAP_POINTS } from '../common/cluster/record.ts';
import type { Taking } from '../common/registry/registry.ts';

/** A sleep is taken over so often; then a person has to look. */
export const MAX_TAKEOVERS = 5;

export interface SleepRequest {
  readonly generation: number;
  /** Name of the execution. */
  readonly owner: string;
  readonly reason: string;
  /** Of the execution whose work this one takes over. */
  readonly failure?: { readonly error: string; readonly cause: string } | undefined;
}

export type SleepDecision =
  | {
      readonly action: 'go';
      readonly nap: NapRecord;
      /** Undefined when this very step was called twice. */
      readonly taking: Taking | undefined;
      readonly reason: string;
    }
  | { readonly action: 'refuse'; readonly reason: string };

/** Still turns round: every task runs, and nothing was told to stop. */
export function canTurnRound(point: NapPoint): boolean {
  return NAP_POINTS.indexOf(point) < NAP_POINTS.indexOf('stopping');
}

export function decideSleep(record: ClusterRecord, request: SleepRequest, now: Date): SleepDecision {
  const { nap } = record;
  if (record.phase === 'falling-asleep' && record.owner === request.owner && nap !== undefined) {
    return { action: 'go', nap, taking: undefined, reason: 'this execution owns the cluster already' };
  }
  if (record.generation !== request.generation - 1) {
    return { action: 'refuse', reason: `it is in generation ${record.generation} already` };
  }
  const go = (way: NapWay, next: Omit<NapRecord, 'way' | 'reason'>, reason: string): SleepDecision => {
    const taken = { ...next, way, reason: request.reason };
    return { action: 'go', reason, nap: taken, taking: fallingAsleep(record, request, taken, now) };
  };
  const { failure } = request;
  switch (record.phase) {
    case 'awake':
      // It came to take over from a wake (or a sleep that turned round) whose last step did its work and lost its answer.
      if (failure !== undefined) return { action: 'refuse', reason: 'what died before it had made it awake' };
      return go('sleep', { point: 'begun', unarchived: true, takeovers: 0, failedWakes: 0 }, request.reason);
    case 'falling-asleep':
    case 'failed': {
      if (nap === undefined) return { action: 'refuse', reason: `it is ${record.phase}, and not from falling asleep` };
      // A person who asks again begins to count anew.
      const takeovers = record.phase === 'failed' ? 0 : nap.takeovers + 1;
      const next = { ...nap, takeovers, ...(failure === undefined ? {} : { failure }) };
      if (takeovers > MAX_TAKEOVERS) return go('give-up', next, `${MAX_TAKEOVERS} executions died at it`);
      return canTurnRound(nap.point)
        ? go('turn-round', next, `the sleep had come to "${nap.point}" and can turn round`)
        : go('rest', next, `the sleep had come to "${nap.point}" and has to be finished`);
    }
    case 'waking': {
      const kept = nap ?? { point: 'resting' as const, unarchived: false, takeovers: 0, failedWakes: 0 };
      const next = { ...kept, takeovers: 0, ...(failure === undefined ? {} : { failure }) };
      // Somebody may have been let in: the cluster worked, and what was written since is in no archive.
      if (record.entryOpen)
        return go('turn-round', { ...next, point: 'saved' }, 'the entry of the wake was open already');
      return go(
        'rest',
        // Before the gate was open the quorum held less than the archive; since then Milvus may have written to it.
        { ...next, point: 'stopping', unarchived: record.metadataOpen, failedWakes: kept.failedWakes + 1 },
        'the wake failed',
      );
    }
    default:
      return { action: 'refuse', reason: `it is ${record.phase}` };
  }
}

function fallingAsleep(
  { phase: before, unloaded }: ClusterRecord,
  { generation, owner }: SleepRequest,
  nap: NapRecord,
  now: Date,
): Taking {
  const phase = 'falling-asleep' as const;
  const phaseSince = now.toISOString();
  // A wake that let clients in had seen every part work. What the sleep before it said of them is over, and nobody else says so:
  // a cluster that turns round keeps the conditions that it has.
  const worked = before === 'waking' && nap.way === 'turn-round';
  return {
    changes: {
      ...{ phase, phaseSince, generation, owner, nap },
      ...(worked ? { conditions: awakeConditions(unloaded, phaseSince) } : {}),
    },
    // Of a cluster that has failed a person decides, not the request that once came while it fell asleep.
    remove: ['turnedRound', ...(before === 'failed' ? (['wakeWanted'] as const) : [])],
  };
}
