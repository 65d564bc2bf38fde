/**
 * The data that is asleep and awake: 100,000 vectors of 128 dimensions, indexed and loaded. They follow from their ids, so
 * whoever searches knows the right answer without keeping anything.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DataType, type MilvusClient } from '@zilliz/milvus2-sdk-node';
import { checked, connect, type Entry } from '../../local/demo/prove.ts';

export const ROWS = 100_000;
export const DIMENSIONS = 128;
const COLLECTION = 'naps';
const BATCH = 5_000;
const TOP = 10;
const EF = 64;
/** Between the rows that are searched; shares no factor with their number. */
const STRIDE = 7_919;
const INDEX = { index_type: 'HNSW', metric_type: 'L2', params: { M: 16, efConstruction: 100 } } as const;

/** Of a generator by George Marsaglia (xorshift, https://www.jstatsoft.org/v08/i14/), seeded by the row's id. */
export function vectorOf(id: number): number[] {
  let state = Math.imul(id + 1, 0x9e3779b1) | 1;
  return Array.from({ length: DIMENSIONS }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  });
}

export async function fillCollection(entry: Entry, report: (line: string) => void): Promise<void> {
  const client = connect(entry);
  try {
    await client.connectPromise;
    await create(client);
    for (let from = 0; from < ROWS; from += BATCH) {
      const data = Array.from({ length: BATCH }, (_, index) => ({ id: from + index, vector: vectorOf(from + index) }));
      checked('insert', (await client.insert({ collection_name: COLLECTION, data })).status);
    }
    await client.flushSync({ collection_names: [COLLECTION] });
    report(`${ROWS} vectors are stored; building the index`);
    checked('createIndex', await client.createIndex({ collection_name: COLLECTION, field_name: 'vector', ...INDEX }));
    await indexed(client);
    checked('load', await client.loadCollectionSync({ collection_name: COLLECTION }));
    report('indexed and loaded');
  } finally {
    await client.closeConnection();
  }
}

async function create(client: MilvusClient): Promise<void> {
  checked(
    'createCollection',
    await client.createCollection({
      collection_name: COLLECTION,
      shards_num: 1,
      fields: [
        { name: 'id', data_type: DataType.Int64, is_primary_key: true },
        { name: 'vector', data_type: DataType.FloatVector, dim: DIMENSIONS },
      ],
    }),
  );
}

async function indexed(client: MilvusClient): Promise<void> {
  for (;;) {
    const { index_descriptions: descriptions } = await client.describeIndex({ collection_name: COLLECTION });
    const [index] = descriptions;
    if (Number(index?.indexed_rows) >= ROWS && Number(index?.pending_index_rows ?? 0) === 0) return;
    await sleep(500);
  }
}

/**
 * Rows that the index finds by their own vectors: HNSW does not find every one (of 300 random ones 46 were missed, the same
 * before a sleep and after it). Searched while the cluster is awake, so that a wrong answer later is the wake's.
 */
export async function findableRows(entry: Entry, count: number): Promise<number[]> {
  const client = connect(entry);
  const found: number[] = [];
  try {
    await client.connectPromise;
    for (let id = STRIDE; found.length < count; id = (id + STRIDE) % ROWS) {
      if ((await nearestTo(client, id))[0] === id) found.push(id);
    }
    return found;
  } finally {
    await client.closeConnection();
  }
}

/** One search by a client of its own that knows nothing of sleep. Throws when the answer is not the right one. */
export async function search(entry: Entry, id: number): Promise<void> {
  const client = connect(entry);
  try {
    await client.connectPromise;
    await searchWith(client, id);
  } finally {
    await client.closeConnection();
  }
}

/** The vector of a row finds that row first: true of those that `findableRows` gives. */
export async function searchWith(client: MilvusClient, id: number): Promise<void> {
  const found = await nearestTo(client, id);
  if (found[0] !== id || found.length !== TOP) throw new Error(`Row ${id} was searched, ${found.join(', ')} came.`);
}

async function nearestTo(client: MilvusClient, id: number): Promise<number[]> {
  const answer = await client.search({
    collection_name: COLLECTION,
    data: [vectorOf(id)],
    limit: TOP,
    params: { ef: EF },
    metric_type: 'L2',
  });
  checked('search', answer.status);
  return answer.results.flat().map((hit) => Number(hit.id));
}
