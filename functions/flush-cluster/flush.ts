/**
 * Runs inside the VPC: makes Milvus write everything that was acknowledged to S3, and proves it. After that, a role that is
 * killed loses nothing, and no Kafka message is needed to find any row again.
 *
 * GetFlushAllState of a time is true when every channel of every collection, loaded or not, has its checkpoint past it. A data
 * node may forget a wish to flush: when it writes the checkpoint of an earlier one at the same moment, the next checkpoint
 * comes with the clock, a minute later (seen with 2.3.5). So the wish is said again; the proof of a later one holds for all.
 */
import type { Clock } from '../common/lambda/polling.ts';
import type { FlushPort } from '../common/milvus/flush-port.ts';

export type FlushOutcome = 'flushed' | 'not-yet' | 'wake-wanted';

export interface FlushOptions {
  readonly budgetMs: number;
  /** A flush that works takes less. */
  readonly askAgainMs: number;
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Looked at while waiting: nobody waits for a flush that is not needed any more. */
  readonly wakeWanted: () => Promise<boolean>;
}

export interface FlushResult {
  readonly outcome: FlushOutcome;
  readonly asked: number;
}

export async function flushCluster(milvus: FlushPort, options: FlushOptions): Promise<FlushResult> {
  const { budgetMs, askAgainMs, intervalMs, clock, wakeWanted } = options;
  const deadline = clock.now() + budgetMs;
  try {
    for (let asked = 1; ; asked += 1) {
      const time = await milvus.flushAll();
      const again = Math.min(clock.now() + askAgainMs, deadline);
      while (clock.now() < again) {
        if (await milvus.isFlushed(time)) return { outcome: 'flushed', asked };
        await clock.sleep(intervalMs);
      }
      if (await wakeWanted()) return { outcome: 'wake-wanted', asked };
      if (clock.now() >= deadline) return { outcome: 'not-yet', asked };
    }
  } finally {
    await milvus.close();
  }
}
