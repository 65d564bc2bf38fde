/** The Milvus SDK behind the port of verify.ts. */
import {
  ConsistencyLevelEnum,
  DataType,
  DEFAULT_DB,
  MilvusClient,
  ShowCollectionsType,
} from '@zilliz/milvus2-sdk-node';
import { checked, refusal } from '../common/milvus/status.ts';
import type { MilvusPort } from './verify.ts';

export async function connectMilvus(address: string, timeoutMs: number): Promise<MilvusPort> {
  const client = new MilvusClient({ address, timeout: timeoutMs, logLevel: 'error' });
  await client.connectPromise;
  /** After a restart Milvus calls a collection loaded because it was: only an answer to a query proves that it is. */
  const counts = async (database: string, name: string): Promise<boolean> => {
    try {
      const { status } = await client.query({
        db_name: database,
        collection_name: name,
        filter: '',
        output_fields: ['count(*)'],
        consistency_level: ConsistencyLevelEnum.Eventually,
      });
      return refusal(status) === undefined;
    } catch {
      return false;
    }
  };
  return {
    createCollection: async (name) => {
      checked(
        'CreateCollection',
        await client.createCollection({
          collection_name: name,
          shards_num: 1,
          fields: [
            { name: 'id', data_type: DataType.Int64, is_primary_key: true },
            { name: 'vector', data_type: DataType.FloatVector, dim: 2 },
          ],
        }),
      );
    },
    dropCollection: async (name) => {
      const { value } = await client.hasCollection({ collection_name: name });
      // The SDK types it as the object `Boolean`; what comes is the primitive.
      if (value.valueOf()) checked('DropCollection', await client.dropCollection({ collection_name: name }));
    },
    loaded: async () => {
      // Without a database Milvus names the collections of `default` alone.
      const { status, db_names: databases } = await client.listDatabases();
      checked('ListDatabases', status);
      const collections = await Promise.all(
        databases.map(async (database) => {
          const answer = await client.showCollections({ type: ShowCollectionsType.Loaded, db_name: database });
          checked('ShowCollections', answer.status);
          return answer.data.map(({ name, loadedPercentage }) => ({
            database,
            name,
            percent: Number(loadedPercentage),
          }));
        }),
      );
      return Promise.all(
        collections.flat().map(async ({ database, name, percent }) => ({
          name: database === DEFAULT_DB ? name : `${database}.${name}`,
          percent,
          answers: percent >= 100 && (await counts(database, name)),
        })),
      );
    },
    close: async () => {
      await client.closeConnection();
    },
  };
}
