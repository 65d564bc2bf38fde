/** The one place where an operation gives its cluster back: awake with everything confirmed, asleep, or failed with the reason. */
import { asleepConditions, awakeConditions, withCondition, type Conditions } from '../common/cluster/conditions.ts';
import type { ClusterRecord, FailureRecord, NapRecord, Ownership } from '../common/cluster/record.ts';
import { BUILDING, type Phase } from '../common/cluster/phases.ts';
import { errorFacts, hasName, isErrorName } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { getCluster, getOwned, updateCluster, type RegistryTable } from '../common/registry/registry.ts';
import { explainFailure } from './explain.ts';

export type Outcome =
  | {
      readonly outcome: 'awake';
      /** Of a sleep that turned round, in plain words; `failure` is what was caught there. */
      readonly reason?: string | undefined;
      readonly failure?: { readonly error: string; readonly cause: string } | undefined;
    }
  | { readonly outcome: 'asleep' }
  | { readonly outcome: 'failed'; readonly error: string; readonly cause: string };

export interface Finished {
  readonly phase: Phase;
  /** Of the wake that has to begin right now. */
  readonly wake?: { readonly generation: number };
}

/** So many wakes in a row may fail; then requests begin no more of them. */
export const MAX_FAILED_WAKES = 3;

const OWNED: readonly Phase[] = [...BUILDING, 'falling-asleep'];

export async function finishOperation(
  registry: RegistryTable,
  operation: Ownership,
  outcome: Outcome,
  now: Date,
): Promise<Finished> {
  const record = await getCluster(registry, operation.cluster);
  // A repeated step finds its own work done.
  if (isGivenBack(record, operation)) return finished(record);
  try {
    await giveBack(registry, operation, outcome, record, now.toISOString());
  } catch (error) {
    // A write whose answer got lost is sent again by the client, and then finds itself in its way.
    const present = hasName(error, 'OwnershipLost') ? await getCluster(registry, operation.cluster) : undefined;
    if (!isGivenBack(present, operation)) throw error;
  }
  const after = await getOwned(registry, operation, ['awake', 'asleep', 'failed', 'waking'], 'retreat');
  logger.info('phase changed', { event: LOG_EVENTS.phaseChanged, ...operation, phase: after.phase });
  return finished(after);
}

const isGivenBack = (record: ClusterRecord | undefined, { generation }: Ownership): record is ClusterRecord =>
  record?.generation === generation && record.owner === undefined;

function giveBack(
  registry: RegistryTable,
  operation: Ownership,
  outcome: Outcome,
  record: ClusterRecord | undefined,
  at: string,
): Promise<void> {
  switch (outcome.outcome) {
    case 'awake':
      return finishAwake(registry, operation, turnReason(outcome, record), record, at);
    case 'asleep':
      return finishAsleep(registry, operation, at);
    case 'failed':
      return finishFailed(registry, operation, outcome, record, at);
  }
}

/** Read after the write: from `asleep` on nobody adds to the wish, and only a wake that has begun takes it away. */
function finished({ phase, generation, wakeWanted }: ClusterRecord): Finished {
  return phase === 'asleep' && wakeWanted !== undefined ? { phase, wake: { generation: generation + 1 } } : { phase };
}

/** An error that has one of our names says what it is about; any other is for whoever looks at the execution. */
function turnReason(
  { reason = 'a wake is wanted', failure }: Extract<Outcome, { outcome: 'awake' }>,
  record: ClusterRecord | undefined,
): string {
  if (failure === undefined) return reason;
  const { error, message } = explainFailure(failure.error, failure.cause);
  if (isErrorName(error)) return `${reason}: ${message}`;
  return record?.owner === undefined ? reason : `${reason}: the execution ${record.owner} says why`;
}

async function finishAwake(
  registry: RegistryTable,
  operation: Ownership,
  reason: string,
  record: ClusterRecord | undefined,
  at: string,
): Promise<void> {
  const turned = record?.phase === 'falling-asleep';
  await updateCluster(
    registry,
    operation,
    OWNED,
    {
      phase: 'awake',
      phaseSince: at,
      hasServed: true,
      // Nothing was stopped, so what was last seen of the parts still holds.
      ...(turned
        ? { turnedRound: { at, point: record.nap?.point ?? 'begun', reason } }
        : { conditions: awakeConditions(record?.unloaded, at) }),
    },
    ['owner', 'failure', 'nap', 'wakeWanted', 'unloaded', ...(turned ? [] : (['turnedRound'] as const))],
  );
}

/** What a request cannot cure must not be tried again by every request. */
export function restingPhase({ archive, failedWakes }: NapRecord, error: string | undefined): 'asleep' | 'failed' {
  if (archive === undefined || failedWakes >= MAX_FAILED_WAKES) return 'failed';
  return error !== undefined && errorFacts(error).lasting === true ? 'failed' : 'asleep';
}

async function finishAsleep(registry: RegistryTable, operation: Ownership, at: string): Promise<void> {
  const record = await getOwned(registry, operation, ['falling-asleep']);
  const { nap } = record;
  if (nap === undefined) throw new Error(`Cluster ${record.name} falls asleep without a note of it.`);
  const failure = nap.failedWakes > 0 && nap.failure !== undefined ? failureOf(nap.failure, record, at) : undefined;
  const conditions = asleepConditions(record.conditions, at);
  await updateCluster(
    registry,
    operation,
    ['falling-asleep'],
    {
      phase: restingPhase(nap, failure?.error),
      phaseSince: at,
      nap: { ...nap, point: 'resting', takeovers: 0 },
      conditions: failure === undefined ? conditions : failedConditions(conditions, failure),
      ...(failure === undefined ? {} : { failure }),
    },
    ['owner', 'entryOpen', ...(failure === undefined ? (['failure'] as const) : [])],
  );
}

async function finishFailed(
  registry: RegistryTable,
  operation: Ownership,
  { error, cause }: { readonly error: string; readonly cause: string },
  record: ClusterRecord | undefined,
  at: string,
): Promise<void> {
  const failure = failureOf({ error, cause }, record, at);
  const given = record?.phase === 'falling-asleep';
  await updateCluster(
    registry,
    operation,
    OWNED,
    {
      phase: 'failed',
      phaseSince: at,
      // A sleep that was given up may still have everything running.
      ...(given ? {} : { metadataOpen: false }),
      failure,
      ...(record === undefined ? {} : { conditions: failedConditions(record.conditions, failure) }),
    },
    // A clean-up has removed what these name; the others have not, and try again with them.
    record?.phase === 'creating' ? ['owner', 'entry', 'discovery', 'retreating', 'entryOpen'] : ['owner'],
    'retreat',
  );
}

function failureOf(
  { error: thrown, cause }: { readonly error: string; readonly cause: string },
  record: ClusterRecord | undefined,
  at: string,
): FailureRecord {
  const { error, message, advice } = explainFailure(thrown, cause);
  return { error, message, advice, ...(record?.owner === undefined ? {} : { execution: record.owner }), at };
}

function failedConditions(conditions: Conditions, { error, message, at }: FailureRecord): Conditions {
  const { condition } = errorFacts(error);
  return condition === undefined
    ? conditions
    : withCondition(conditions, { type: condition, status: 'False', reason: error, message, observedAt: at });
}
