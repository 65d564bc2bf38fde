/** What must hold of every loss of a quorum: the cluster is awake again by itself, and lost no more than it says. */
import type { ExecutionListItem } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import type { Stack } from './stack.ts';
import type { Writer } from './writer.ts';

const STEP_MS = 60_000;
const RECOVERED_MS = 6 * 60_000;
const MOST_LOST_MS = 60_000;
/** Committed by the others in the last moment, and not yet told to the member that survived. */
const IN_FLIGHT_MS = 1_000;

const recoverySchema = z.object({
  phase: z.literal('awake'),
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('survivor') }),
    z.object({ kind: z.literal('archive'), asOf: z.iso.datetime() }),
  ]),
  lost: z.string(),
  lostMs: z.number(),
});

export interface Loss {
  readonly cluster: string;
  readonly writer: Writer;
  /** Milliseconds since the epoch. */
  readonly killedAt: number;
  /** Recoveries that were there before. */
  readonly before: readonly ExecutionListItem[];
}

/** Those of the cluster that are over; a loss asks for another one. */
export const recoveries = (stack: Stack, cluster: string) => stack.executions('recover-quorum', cluster);

export const recoveryBegun = (stack: Stack, { cluster, before }: Loss): Promise<string> =>
  stack.begun('recover-quorum', cluster, before, STEP_MS);

/** Stops the writer, waits for the end, and compares what is there with what was acknowledged and what is said. */
export async function recovered(stack: Stack, loss: Loss, from: 'survivor' | 'archive'): Promise<void> {
  const { cluster, writer, killedAt } = loss;
  const execution = await recoveryBegun(stack, loss);
  await writer.stop();
  const { status, error, cause, output } = await stack.ended(execution, RECOVERED_MS);
  expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED', error: undefined, cause: undefined });
  const tookMs = Date.now() - killedAt;
  const { source, lost, lostMs } = recoverySchema.parse(output);
  expect(source.kind).toBe(from);
  const promised = source.kind === 'survivor' ? killedAt - IN_FLIGHT_MS : Date.parse(source.asOf);
  const missing = await writer.missing();
  const broken = missing.filter((key) => (writer.acknowledgedAt.get(key) ?? 0) < promised);
  console.log(
    `${expect.getState().currentTestName ?? cluster}: awake again after ${tookMs} ms; ${writer.acknowledged.size} writes acknowledged, ` +
      `${missing.length} of them lost (said: ${lost})`,
  );
  expect(broken).toEqual([]);
  expect(lostMs).toBeLessThan(MOST_LOST_MS);
}
