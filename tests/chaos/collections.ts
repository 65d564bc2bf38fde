/** Collections of a local cluster as a client sees them: what it wrote is what a strongly consistent query has to find. */
import { ConsistencyLevelEnum, DataType, type MilvusClient } from '@zilliz/milvus2-sdk-node';
import { checked } from '../../functions/common/milvus/status.ts';

/** With an index, loaded. */
export async function create(client: MilvusClient, name: string): Promise<void> {
  checked(
    'createCollection',
    await client.createCollection({
      collection_name: name,
      shards_num: 1,
      fields: [
        { name: 'id', data_type: DataType.Int64, is_primary_key: true },
        { name: 'vector', data_type: DataType.FloatVector, dim: 4 },
      ],
    }),
  );
  checked(
    'createIndex',
    await client.createIndex({
      collection_name: name,
      field_name: 'vector',
      index_type: 'HNSW',
      metric_type: 'L2',
      params: { M: 8, efConstruction: 64 },
    }),
  );
  checked('load', await client.loadCollectionSync({ collection_name: name }));
}

export async function insert(client: MilvusClient, name: string, from: number, to: number): Promise<void> {
  const data = Array.from({ length: to - from }, (_, index) => ({
    id: from + index,
    vector: [from + index, 1, 0, 0],
  }));
  checked('insert', (await client.insert({ collection_name: name, data })).status);
}

export async function remove(client: MilvusClient, name: string, ids: readonly number[]): Promise<void> {
  checked('delete', (await client.delete({ collection_name: name, filter: `id in [${ids.join(',')}]` })).status);
}

export async function drop(client: MilvusClient, name: string): Promise<void> {
  checked('drop', await client.dropCollection({ collection_name: name }));
}

/** Names, without the ones given. */
export async function names(client: MilvusClient, except: readonly string[]): Promise<string[]> {
  const { status, data } = await client.showCollections();
  checked('showCollections', status);
  return data
    .map(({ name }) => name)
    .filter((name) => !except.includes(name))
    .sort();
}

/** All ids, in order. */
export async function ids(client: MilvusClient, name: string): Promise<number[]> {
  const { status, data } = await client.query({
    collection_name: name,
    filter: 'id >= 0',
    output_fields: ['id'],
    consistency_level: ConsistencyLevelEnum.Strong,
  });
  checked(`query ${name}`, status);
  return data.map(({ id }) => Number(id)).sort((a, b) => a - b);
}

/** The id of the vector that is nearest to that of `id`: goes through the index and the growing segments. */
export async function nearest(client: MilvusClient, name: string, id: number): Promise<number> {
  const { status, results } = await client.search({
    collection_name: name,
    data: [[id, 1, 0, 0]],
    limit: 1,
    metric_type: 'L2',
    params: { ef: 64 },
    consistency_level: ConsistencyLevelEnum.Strong,
  });
  checked(`search ${name}`, status);
  const found = results as unknown as readonly { id: string | number }[];
  return Number(found[0]?.id);
}
