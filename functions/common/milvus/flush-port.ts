/** A flush of everything, asked of Milvus and proved: what a sleep and an archive begin with. */
import { MilvusClient } from '@zilliz/milvus2-sdk-node';
import { RedkiteError } from '../lambda/errors.ts';
import { refusal, type Status } from './status.ts';

/** The calls of the Milvus client that are used, so that a test needs no Milvus. */
export interface FlushPort {
  /** Asks for a flush of everything; returns the time up to which it goes. */
  readonly flushAll: () => Promise<string>;
  readonly isFlushed: (time: string) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export async function connectFlush(address: string, timeoutMs: number): Promise<FlushPort> {
  const client = new MilvusClient({ address, timeout: timeoutMs, logLevel: 'error' });
  await client.connectPromise;
  const checked = (what: string, status: Status) => {
    const reason = refusal(status);
    if (reason !== undefined) throw new RedkiteError('FlushRefused', `${what}: ${reason}`);
  };
  return {
    flushAll: async () => {
      const answer = await client.flushAll();
      checked('FlushAll', answer.status);
      // 64 bits: the SDK types it as a number, what comes is text.
      return String(answer.flush_all_ts);
    },
    isFlushed: async (time) => {
      const answer = await client.getFlushAllState({ flush_all_ts: time as unknown as number });
      checked('GetFlushAllState', answer.status);
      return answer.flushed;
    },
    close: async () => {
      await client.closeConnection();
    },
  };
}
