/** `@zilliz/milvus2-sdk-node` through the load balancer. */
import { MilvusClient } from '@zilliz/milvus2-sdk-node';
import type { Entry } from '../../../local/demo/prove.ts';
import { find, insert } from '../rows.ts';
import type { TestClient } from './client.ts';

/**
 * The SDK's own option, in place of its 15 s: its second try never ends (decision 10), so it comes through a wake that takes no
 * longer than this, and on a machine that others use as well a wake takes longer than 14 s.
 */
const TIMEOUT_MS = 120_000;

export function nodeClient({ address, authorityFile }: Entry): TestClient {
  let client: MilvusClient | undefined;
  // Made when it is first used: it connects at once.
  const connected = async () => {
    client ??= new MilvusClient({
      address,
      ...(authorityFile === undefined ? {} : { ssl: true, tls: { rootCertPath: authorityFile } }),
      timeout: TIMEOUT_MS,
      logLevel: 'error',
    });
    await client.connectPromise;
    return client;
  };
  return {
    kind: 'node',
    search: async (collection, id) => find(await connected(), collection, id),
    insert: async (collection, ids) => {
      await insert(await connected(), collection, ids);
    },
    close: async () => {
      await client?.closeConnection();
    },
  };
}
