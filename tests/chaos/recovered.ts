/** What must hold of every loss of a quorum: the cluster is awake again by itself, and lost no more than it says. */
import type { ExecutionListItem } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import type { Stack } from './stack.ts';
import type { Writer } from './writer.ts';

const BEGUN_MS = 180_000;
const RECOVERED_MS = 6 * 60_000;
/** Committed by the others in the last moment, and not yet told to the member that survived; the machine may be busy. */
const IN_FLIGHT_MS = 5_000;

const recoverySchema = z.object({
  phase: z.literal('awake'),
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('survivor'), revision: z.int() }),
    z.object({ kind: z.literal('archive'), revision: z.int(), asOf: z.iso.datetime() }),
  ]),
  lost: z.string(),
});

export interface Loss {
  readonly cluster: string;
  readonly writer: Writer;
  /** Everything that was acknowledged before has been shipped, as it is every minute. Milliseconds since the epoch. */
  readonly shippedAt: number;
  readonly killedAt: number;
  /** Recoveries that were there before. */
  readonly before: readonly ExecutionListItem[];
}

/** Those of the cluster that are over; a loss asks for another one. */
export const recoveries = (stack: Stack, cluster: string) => stack.executions('recover-quorum', cluster);

export const recoveryBegun = (stack: Stack, { cluster, before }: Loss): Promise<string> =>
  stack.begun('recover-quorum', cluster, before, BEGUN_MS);

/** Stops the writer, and waits for the recovery that begins by itself. */
export async function recovered(stack: Stack, loss: Loss, from: 'survivor' | 'archive'): Promise<void> {
  await recoveredBy(stack, loss, await recoveryBegun(stack, loss), from);
}

/** Waits for the end, and compares what is there with what was acknowledged and what is said. */
export async function recoveredBy(
  stack: Stack,
  { cluster, writer, shippedAt, killedAt }: Loss,
  execution: string,
  from: 'survivor' | 'archive',
): Promise<void> {
  await writer.stop();
  const { source, lost } = await awake(stack, execution);
  const tookMs = Date.now() - killedAt;
  expect(source.kind).toBe(from);
  const promised = source.kind === 'survivor' ? Math.max(killedAt - IN_FLIGHT_MS, shippedAt) : Date.parse(source.asOf);
  expect(promised).toBeGreaterThanOrEqual(shippedAt);
  const missing = await keepsWriting(
    writer,
    (key) => (writer.revisions.get(key) ?? 0) <= source.revision || (writer.acknowledgedAt.get(key) ?? 0) < promised,
  );
  console.log(
    `${expect.getState().currentTestName ?? cluster}: awake again after ${tookMs} ms; ${writer.acknowledged.size} writes acknowledged, ` +
      `${missing} of them lost (said: ${lost})`,
  );
}

/** The output of a recovery that ended well. */
export async function awake(stack: Stack, execution: string): Promise<z.infer<typeof recoverySchema>> {
  const { status, error, cause, output } = await stack.ended(execution, RECOVERED_MS);
  expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED', error: undefined, cause: undefined });
  return recoverySchema.parse(output);
}

/** No acknowledged write is missing that was promised, and new ones are taken. Returns how many are missing. */
export async function keepsWriting(writer: Writer, promised: (key: string) => boolean): Promise<number> {
  const missing = await writer.missing();
  expect(missing.filter(promised)).toEqual([]);
  writer.start();
  await writer.more(20);
  await writer.stop();
  return missing.length;
}
