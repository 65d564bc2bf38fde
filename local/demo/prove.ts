/**
 * Proves a cluster with a real client through the load balancer: inserts, indexes, loads and searches the digits, and
 * compares the answers with brute force. Data that is there from an earlier run is searched again, not inserted twice.
 */
import { DataType, LoadState, MilvusClient } from '@zilliz/milvus2-sdk-node';
import { refusal, type Status } from '../../functions/common/milvus/status.ts';
import { DIMENSIONS, loadDigits, nearest, recall } from './digits.ts';

export const COLLECTION = 'digits';
export const GOALS = { recallAt10: 0.95, labelAccuracy: 0.93 } as const;
const TOP = 10;
const BATCH = 500;
const EF = 128;

export interface Entry {
  /** host:port of the load balancer's HTTPS listener, or of a proxy itself. */
  readonly address: string;
  /** Who signed its certificate; without it the connection is plain text. */
  readonly authorityFile?: string;
  /** The name by which the load balancer knows the cluster, where it is not the address. */
  readonly host?: string;
}

export interface Proof {
  readonly rows: number;
  readonly queries: number;
  readonly recallAt10: number;
  readonly labelAccuracy: number;
  /** Milliseconds since the epoch. */
  readonly firstSearchAt: number;
  /** Milliseconds by step; only the steps that were done. */
  readonly timings: Readonly<Record<string, number>>;
}

export function connect({ address, authorityFile, host }: Entry): MilvusClient {
  return new MilvusClient({
    address,
    ...(authorityFile === undefined ? {} : { ssl: true, tls: { rootCertPath: authorityFile } }),
    ...(host === undefined ? {} : { channelOptions: { 'grpc.default_authority': host } }),
    timeout: 60_000,
    logLevel: 'error',
  });
}

export async function prove(entry: Entry, report: (line: string) => void): Promise<Proof> {
  const timings: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    report(name);
    const started = performance.now();
    const result = await work();
    timings[name] = performance.now() - started;
    return result;
  };
  const { stored, heldOut } = loadDigits();
  const client = connect(entry);
  try {
    await timed('connect', () => client.connectPromise);
    if (!(await isComplete(client, stored.length))) {
      await timed('create collection', () => createCollection(client));
      await timed('insert', async () => {
        for (let from = 0; from < stored.length; from += BATCH) {
          const data = stored
            .slice(from, from + BATCH)
            .map(({ id, label, vector }) => ({ id, label, vector: [...vector] }));
          checked('insert', (await client.insert({ collection_name: COLLECTION, data })).status);
          report(`insert ${Math.min(from + BATCH, stored.length)} of ${stored.length}`);
        }
      });
      await timed('flush', async () => {
        await client.flushSync({ collection_names: [COLLECTION] });
      });
      await timed('index', async () => {
        checked(
          'createIndex',
          await client.createIndex({
            collection_name: COLLECTION,
            field_name: 'vector',
            index_type: 'HNSW',
            metric_type: 'L2',
            params: { M: 16, efConstruction: 200 },
          }),
        );
      });
      await timed('load', async () => {
        checked('load', await client.loadCollectionSync({ collection_name: COLLECTION }));
      });
    }
    const search = (queries: typeof heldOut) =>
      client.search({
        collection_name: COLLECTION,
        data: queries.map(({ vector }) => [...vector]),
        limit: TOP,
        params: { ef: EF },
        metric_type: 'L2',
        output_fields: ['id', 'label'],
        consistency_level: 0,
      });
    const first = heldOut.slice(0, 1);
    await timed('first search', async () => {
      checked('search', (await search(first)).status);
    });
    const firstSearchAt = Date.now();
    const answer = await timed(`search ${heldOut.length}`, () => search(heldOut));
    checked('search', answer.status);
    const results = answer.results as unknown as { id: string | number; label: string | number }[][];
    const truth = await timed('brute force', () =>
      Promise.resolve(
        nearest(
          heldOut.map(({ vector }) => vector),
          stored,
          TOP,
        ),
      ),
    );
    return {
      rows: stored.length,
      queries: heldOut.length,
      recallAt10: recall(
        results.map((hits) => hits.map((hit) => Number(hit.id))),
        truth,
      ),
      labelAccuracy:
        results.filter((hits, index) => Number(hits[0]?.label) === heldOut[index]?.label).length / heldOut.length,
      firstSearchAt,
      timings,
    };
  } finally {
    await client.closeConnection();
  }
}

/** True when an earlier run has inserted everything and the collection is loaded. */
async function isComplete(client: MilvusClient, rows: number): Promise<boolean> {
  const { value } = await client.hasCollection({ collection_name: COLLECTION });
  if (!value.valueOf()) return false;
  const { state } = await client.getLoadState({ collection_name: COLLECTION });
  const { data } = await client.getCollectionStatistics({ collection_name: COLLECTION });
  return state === LoadState.LoadStateLoaded && Number(data['row_count']) === rows;
}

async function createCollection(client: MilvusClient): Promise<void> {
  const { value } = await client.hasCollection({ collection_name: COLLECTION });
  // What an interrupted run left is in the way of counting.
  if (value.valueOf()) checked('drop', await client.dropCollection({ collection_name: COLLECTION }));
  checked(
    'createCollection',
    await client.createCollection({
      collection_name: COLLECTION,
      shards_num: 1,
      fields: [
        { name: 'id', data_type: DataType.Int64, is_primary_key: true },
        { name: 'label', data_type: DataType.Int64 },
        { name: 'vector', data_type: DataType.FloatVector, dim: DIMENSIONS },
      ],
    }),
  );
}

/** Throws where Milvus refused, with a sentence for people; `what` is the call. */
export function checked(what: string, status: Status): void {
  const reason = refusal(status);
  if (reason !== undefined) throw new Error(`Milvus refused ${what}: ${reason}`);
}
