/**
 * Makes Milvus write everything that it has acknowledged to the bucket, so that an archive taken right after names all of
 * it: what is in Kafka alone is not part of an archive. Best effort: an archive without it is still an archive.
 */
import { boundedText } from '../common/lambda/bounded.ts';
import { messageOf } from '../common/lambda/errors.ts';
import { pollUntil, type Clock } from '../common/lambda/polling.ts';
import type { FlushPort } from '../common/milvus/flush-port.ts';

export interface Flushed {
  readonly done: boolean;
  readonly reason: string;
}

const INTERVAL_MS = 200;

export async function flushAll(
  connect: () => Promise<FlushPort>,
  { budgetMs, clock }: { budgetMs: number; clock: Clock },
): Promise<Flushed> {
  try {
    const milvus = await connect();
    try {
      const time = await milvus.flushAll();
      const { ready, reason } = await pollUntil(
        async () =>
          (await milvus.isFlushed(time))
            ? { ready: true, reason: 'everything acknowledged before it is in the bucket' }
            : { ready: false, reason: `Milvus was still flushing after ${budgetMs / 1_000} s` },
        { intervalMs: INTERVAL_MS, budgetMs, clock },
      );
      return { done: ready, reason };
    } finally {
      await milvus.close();
    }
  } catch (error) {
    return { done: false, reason: boundedText(`Milvus did not flush: ${messageOf(error)}`) };
  }
}
