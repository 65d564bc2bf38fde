/**
 * Behind the stream of the registry: every change of a cluster's phase becomes one event on the default bus, whoever made
 * it, and the time in the phase that it ended is kept (stay.ts). A record that is delivered twice is announced twice, under the
 * same `id`, and counted once.
 */
import { PutEventsCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { z } from 'zod';
import { PHASES } from '../common/cluster/phases.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import type { publishOfPhase } from '../common/lambda/metrics.ts';
import { endedOperation } from './operation.ts';

export const DETAIL_TYPE = 'Redkite Cluster Phase Change';

/** As DynamoDB writes a string, a number. */
const text = z.object({ S: z.string() });
const number = z.object({ N: z.string() });
const imageSchema = z.object({
  value: z.object({
    M: z.object({
      phase: z.object({ S: z.enum(PHASES) }),
      phaseSince: text,
      generation: number,
      owner: text.optional(),
      failure: z.object({ M: z.object({ error: text, message: text }) }).optional(),
      turnedRound: z.object({ M: z.object({ at: text, point: text, reason: text }) }).optional(),
    }),
  }),
});
const recordSchema = z.object({
  eventID: z.string(),
  dynamodb: z.object({
    SequenceNumber: z.string(),
    Keys: z.object({ pk: text, sk: text }),
    OldImage: imageSchema.optional(),
    NewImage: imageSchema.optional(),
  }),
});
export type StreamRecord = z.output<typeof recordSchema>;

/** What an event source mapping of a table's stream sends. Each record is read by itself: one that is strange holds up no other. */
export const streamSchema = z.object({
  Records: z.array(z.looseObject({ dynamodb: z.looseObject({ SequenceNumber: z.string() }) })).min(1),
});

/** The `detail` of the event. */
export interface PhaseChange {
  readonly id: string;
  readonly cluster: string;
  /** `deleted` when the record is gone; the phase before is null for a cluster that is new. */
  readonly phase: string;
  readonly previousPhase: string | null;
  readonly generation: number;
  /** Name of the execution that owns the cluster now. */
  readonly operation?: string;
  /** ISO 8601 */
  readonly at?: string;
  readonly failure?: { readonly error: string; readonly message: string };
  /** A sleep that ended awake: from where, and why. */
  readonly turnedRound?: { readonly point: string; readonly reason: string };
}

/** Undefined where the phase is what it was. Pure. */
export function phaseChange({ eventID, dynamodb }: StreamRecord): PhaseChange | undefined {
  const before = dynamodb.OldImage?.value.M;
  const after = dynamodb.NewImage?.value.M;
  const known = after ?? before;
  if (known === undefined || before?.phase.S === after?.phase.S) return undefined;
  const { owner, failure, turnedRound } = after ?? {};
  return {
    id: eventID,
    cluster: dynamodb.Keys.pk.S,
    phase: after?.phase.S ?? 'deleted',
    previousPhase: before?.phase.S ?? null,
    generation: Number(known.generation.N),
    ...(owner === undefined ? {} : { operation: owner.S }),
    ...(after === undefined ? {} : { at: after.phaseSince.S }),
    ...(failure === undefined ? {} : { failure: { error: failure.M.error.S, message: failure.M.message.S } }),
    ...(turnedRound === undefined || after?.phase.S !== 'awake'
      ? {}
      : { turnedRound: { point: turnedRound.M.point.S, reason: turnedRound.M.reason.S } }),
  };
}

export interface AnnounceDeps {
  readonly events: EventBridgeClient;
  readonly source: string;
  readonly keepStay: (record: StreamRecord) => Promise<void>;
  readonly publish: typeof publishOfPhase;
}

/** The first record that was not announced; the stream sends it and those after it again. */
export interface StreamAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export async function announcePhases(
  { events, source, keepStay, publish }: AnnounceDeps,
  records: z.output<typeof streamSchema>['Records'],
): Promise<StreamAnswer> {
  for (const raw of records) {
    const { data: record, error: problem } = recordSchema.safeParse(raw);
    if (record === undefined) {
      // Written by another release, or by hand. It would come again until it is too old, and every cluster's events behind it.
      logger.error('a record of the registry is not understood', { event: LOG_EVENTS.stepFailed, error: problem });
      continue;
    }
    const change = phaseChange(record);
    if (change === undefined) continue;
    try {
      // Before the event: what comes again because the bus did not answer counts once, and an event that comes again is one too many.
      await keepStay(record);
      const entry = { Source: source, DetailType: DETAIL_TYPE, Detail: JSON.stringify(change) };
      const { Entries: [result] = [] } = await events.send(new PutEventsCommand({ Entries: [entry] }));
      if (result?.ErrorCode !== undefined) throw new Error(`${result.ErrorCode}: ${result.ErrorMessage ?? ''}`);
      logger.info('phase announced', { event: LOG_EVENTS.phaseAnnounced, ...change });
      const operation = endedOperation(record);
      if (operation !== undefined) publish(operation.phase, operation.measurements, operation.properties);
    } catch (error) {
      logger.error('a phase change could not be announced', {
        event: LOG_EVENTS.stepFailed,
        error: error instanceof Error ? error : new Error(String(error)),
      });
      return { batchItemFailures: [{ itemIdentifier: record.dynamodb.SequenceNumber }] };
    }
  }
  return { batchItemFailures: [] };
}
