/**
 * Searches `demo` again and again, as a client would, while its quorum is harmed; what failed is kept. Light, so that it does
 * not take from what is measured.
 */
import type { MilvusClient } from '@zilliz/milvus2-sdk-node';
import { loadDigits } from '../../local/demo/digits.ts';
import { COLLECTION, connect } from '../../local/demo/prove.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { entryOf } from '../../local/up.ts';

const PAUSE_MS = 50;

export interface Searched {
  readonly searches: number;
  readonly failures: readonly string[];
}

export interface Searcher {
  /** May be called again: a test that failed half-way would go on searching, and keep the process from ending. */
  readonly stop: () => Promise<Searched>;
}

export async function startSearching(settings: LocalSettings): Promise<Searcher> {
  const [query] = loadDigits().heldOut;
  if (query === undefined) throw new Error('There is no digit to search for.');
  const client = connect(await entryOf(settings));
  await client.connectPromise;
  const stopping = new AbortController();
  const searched = search(client, query.vector, stopping.signal);
  return {
    stop: () => {
      stopping.abort();
      return searched;
    },
  };
}

async function search(client: MilvusClient, vector: readonly number[], stopping: AbortSignal): Promise<Searched> {
  const failures: string[] = [];
  let searches = 0;
  try {
    while (!stopping.aborted) {
      const { status } = await client.search({
        collection_name: COLLECTION,
        data: [[...vector]],
        limit: 1,
        // Asks Milvus for a timestamp of this moment, which the root coordinator takes from etcd.
        consistency_level: 0,
      });
      searches += 1;
      if (status.error_code !== 'Success') failures.push(`${status.error_code}: ${status.reason}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  } catch (error) {
    failures.push(String(error));
  } finally {
    await client.closeConnection();
  }
  return { searches, failures };
}
