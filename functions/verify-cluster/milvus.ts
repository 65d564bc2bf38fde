/** The Milvus SDK behind the port of verify.ts. */
import { ConsistencyLevelEnum, DataType, MilvusClient, ShowCollectionsType } from '@zilliz/milvus2-sdk-node';
import type { MilvusPort } from './verify.ts';

interface Status {
  readonly error_code?: string | number | undefined;
  readonly reason?: string | undefined;
}

/** Milvus answers a refusal as a status, not as an error; returns its reason, or undefined when all went well. */
export function refusal({ error_code: code, reason }: Status): string | undefined {
  return code === 'Success' || code === 0 ? undefined : (reason ?? 'no reason given');
}

export async function connectMilvus(address: string, timeoutMs: number): Promise<MilvusPort> {
  const client = new MilvusClient({ address, timeout: timeoutMs, logLevel: 'error' });
  await client.connectPromise;
  const checked = (what: string, status: Status) => {
    const reason = refusal(status);
    if (reason !== undefined) throw new Error(`${what}: ${reason}`);
  };
  /** After a restart Milvus calls a collection loaded because it was: only an answer to a query proves that it is. */
  const counts = async (name: string): Promise<boolean> => {
    try {
      const { status } = await client.query({
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
    loading: async () => {
      const answer = await client.showCollections({ type: ShowCollectionsType.Loaded });
      checked('ShowCollections', answer.status);
      const searchable = await Promise.all(
        answer.data.map(async ({ name, loadedPercentage }) => Number(loadedPercentage) >= 100 && (await counts(name))),
      );
      return answer.data.flatMap(({ name }, index) => (searchable[index] === true ? [] : [name]));
    },
    close: async () => {
      await client.closeConnection();
    },
  };
}
