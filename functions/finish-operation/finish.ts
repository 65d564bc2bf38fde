/** The one place where an operation gives its cluster back: to `awake` with everything confirmed, or to `failed` with the reason. */
import { readyConditions, withCondition, type Conditions } from '../common/cluster/conditions.ts';
import type { Ownership } from '../common/cluster/record.ts';
import { BUILDING, type Phase } from '../common/cluster/phases.ts';
import { errorFacts } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { getCluster, updateCluster, type RegistryTable } from '../common/registry/registry.ts';
import { explainFailure } from './explain.ts';

export type Outcome =
  { readonly outcome: 'awake' } | { readonly outcome: 'failed'; readonly error: string; readonly cause: string };

const OWNED: readonly Phase[] = BUILDING;

export async function finishOperation(
  registry: RegistryTable,
  operation: Ownership,
  outcome: Outcome,
  now: Date,
): Promise<{ readonly phase: Phase }> {
  const record = await getCluster(registry, operation.cluster);
  // A repeated step finds its own work done.
  if (record?.generation === operation.generation && record.phase === outcome.outcome) return { phase: record.phase };
  const at = now.toISOString();
  if (outcome.outcome === 'awake') {
    await updateCluster(
      registry,
      operation,
      OWNED,
      { phase: 'awake', phaseSince: at, conditions: readyConditions(at), hasServed: true },
      ['owner', 'failure'],
    );
  } else {
    const { error, message, advice } = explainFailure(outcome.error, outcome.cause);
    await updateCluster(
      registry,
      operation,
      OWNED,
      {
        phase: 'failed',
        phaseSince: at,
        metadataOpen: false,
        failure: { error, message, advice, ...(record?.owner === undefined ? {} : { execution: record.owner }), at },
        ...(record === undefined ? {} : { conditions: failedConditions(record.conditions, error, message, at) }),
      },
      // A clean-up has removed what these name; a recovery has not, and tries again with them.
      record?.phase === 'recovering' ? ['owner'] : ['owner', 'entry', 'discovery', 'retreating'],
      'retreat',
    );
  }
  logger.info('phase changed', { event: LOG_EVENTS.phaseChanged, ...operation, phase: outcome.outcome });
  return { phase: outcome.outcome };
}

function failedConditions(conditions: Conditions, error: string, message: string, observedAt: string): Conditions {
  const { condition } = errorFacts(error);
  return condition === undefined
    ? conditions
    : withCondition(conditions, { type: condition, status: 'False', reason: error, message, observedAt });
}
