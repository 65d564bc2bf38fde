/** The stay in a phase that a change of the record has ended, kept for what a cluster has cost (common/cost/hours.ts). */
import type { PhaseStay } from '../common/cost/hours.ts';
import { hasName, messageOf, namedForMachines } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { addStay } from '../common/registry/hours.ts';
import type { RegistryTable } from '../common/registry/registry.ts';
import type { StreamRecord } from './announce.ts';

/** Undefined where the phase is what it was. A record that is gone does not say when: its last stay is not counted. Pure. */
export function endedStay({ dynamodb }: StreamRecord): PhaseStay | undefined {
  const before = dynamodb.OldImage?.value.M;
  const after = dynamodb.NewImage?.value.M;
  if (before === undefined || after === undefined || before.phase.S === after.phase.S) return undefined;
  return { phase: before.phase.S, from: before.phaseSince.S, to: after.phaseSince.S };
}

/**
 * Throws what passes by itself, so that the stream brings the record again. Anything else is told and left: the hours are then
 * missing from the month, which says so (`unaccounted`), and no event of any cluster waits for them.
 */
export async function keepStay(registry: RegistryTable, record: StreamRecord): Promise<void> {
  const stay = endedStay(record);
  if (stay === undefined) return;
  const cluster = record.dynamodb.Keys.pk.S;
  try {
    await addStay(registry, cluster, stay);
  } catch (error) {
    const named = namedForMachines(error);
    if (hasName(named, 'AwsUnavailable')) throw named;
    logger.error('a stay in a phase is not counted', {
      event: LOG_EVENTS.hoursNotKept,
      ...{ cluster, ...stay, reason: messageOf(error) },
    });
  }
}
