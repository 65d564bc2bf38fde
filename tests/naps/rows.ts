/** Collections with rows that can be counted, and what a client finds of them. */
import { ConsistencyLevelEnum, DataType, type MilvusClient } from '@zilliz/milvus2-sdk-node';
import { checked } from '../../functions/common/milvus/status.ts';
import { until } from '../chaos/stack.ts';

const DIMENSIONS = 8;
const MOST_ROWS = 16_000;
const FLUSHED_MS = 90_000;

/** A vector that only this id has. */
export const vectorOf = (id: number) => Array.from({ length: DIMENSIONS }, (_, axis) => Math.sin(id * (axis + 1)));

export async function create(client: MilvusClient, name: string, shards: number): Promise<void> {
  checked(
    `create ${name}`,
    await client.createCollection({
      collection_name: name,
      shards_num: shards,
      fields: [
        { name: 'id', data_type: DataType.Int64, is_primary_key: true },
        { name: 'vector', data_type: DataType.FloatVector, dim: DIMENSIONS },
      ],
    }),
  );
  checked(
    `index ${name}`,
    await client.createIndex({
      collection_name: name,
      field_name: 'vector',
      index_type: 'HNSW',
      metric_type: 'L2',
      params: { M: 16, efConstruction: 100 },
    }),
  );
}

/** Acknowledged when it returns. */
export async function insert(client: MilvusClient, name: string, ids: readonly number[]): Promise<void> {
  const data = ids.map((id) => ({ id, vector: vectorOf(id) }));
  checked(`insert into ${name}`, (await client.insert({ collection_name: name, data })).status);
}

export const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);

/** Everything acknowledged before is in it. */
export async function count(client: MilvusClient, name: string): Promise<number> {
  const answer = await client.query({
    collection_name: name,
    filter: '',
    output_fields: ['count(*)'],
    consistency_level: ConsistencyLevelEnum.Strong,
  });
  checked(`count ${name}`, answer.status);
  return Number(answer.data[0]?.['count(*)']);
}

/** The id nearest to the vector of this one: itself, when it is there. */
export async function find(client: MilvusClient, name: string, id: number): Promise<number> {
  const answer = await client.search({
    collection_name: name,
    data: vectorOf(id),
    limit: 1,
    params: { ef: 64 },
    metric_type: 'L2',
    output_fields: ['id'],
    consistency_level: ConsistencyLevelEnum.Strong,
  });
  checked(`search ${name}`, answer.status);
  const [hit] = answer.results;
  return Number(hit?.id ?? -1);
}

/** Of all rows, up to the most that one answer holds. */
export async function ids(client: MilvusClient, name: string): Promise<ReadonlySet<number>> {
  const answer = await client.query({
    collection_name: name,
    filter: 'id >= 0',
    output_fields: ['id'],
    limit: MOST_ROWS,
    consistency_level: ConsistencyLevelEnum.Strong,
  });
  checked(`query ${name}`, answer.status);
  return new Set(answer.data.map(({ id }) => Number(id)));
}

/**
 * Until everything acknowledged before is in S3. The first call's own moment lies behind its flushes, so alone it would be proved
 * after up to a minute, when a checkpoint is written anyway; the flushes of the second call prove it in seconds.
 */
export async function flushAll(client: MilvusClient): Promise<void> {
  const { flush_all_ts } = await client.flushAll();
  await client.flushAll();
  await until('everything is flushed', FLUSHED_MS, async () => {
    const { flushed } = await client.getFlushAllState({ flush_all_ts });
    return flushed ? true : undefined;
  });
}
