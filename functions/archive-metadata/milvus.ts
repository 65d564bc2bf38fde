/** The Milvus SDK behind the port of flush.ts. */
import { MilvusClient } from '@zilliz/milvus2-sdk-node';
import { refusal } from '../verify-cluster/milvus.ts';
import type { FlushPort } from './flush.ts';

export async function connectFlush(address: string, timeoutMs: number): Promise<FlushPort> {
  const client = new MilvusClient({ address, timeout: timeoutMs, logLevel: 'error' });
  await client.connectPromise;
  const checked = (what: string, status: Parameters<typeof refusal>[0]) => {
    const reason = refusal(status);
    if (reason !== undefined) throw new Error(`${what}: ${reason}`);
  };
  return {
    flushAll: async () => {
      const { status, flush_all_ts: timestamp } = await client.flushAll();
      checked('FlushAll', status);
      return async () => {
        const answer = await client.getFlushAllState({ flush_all_ts: timestamp });
        checked('GetFlushAllState', answer.status);
        return answer.flushed;
      };
    },
    close: async () => {
      await client.closeConnection();
    },
  };
}
