/**
 * Runs inside the VPC: makes Milvus do real work, before anybody is let in. Creating a collection writes to etcd and to
 * every Kafka topic it uses, so wrong Kafka credentials, small messages or missing topics show here (health checks do not
 * see them: measured, see docs/architecture.md). The collection is dropped again, also one that an earlier try left.
 *
 * Then it waits for the collections that were loaded before, where the cluster has been awake before: while they load, the
 * proxy answers a search with "collection not loaded", which clients do not retry.
 */
import { RedkiteError } from '../common/lambda/errors.ts';
import { pollUntil, type Clock } from '../common/lambda/polling.ts';

export const PROBE_COLLECTION = '_redkite_probe';

/** The calls of the Milvus client that are used, so that a test needs no Milvus. */
export interface MilvusPort {
  readonly dropCollection: (name: string) => Promise<void>;
  readonly createCollection: (name: string) => Promise<void>;
  /** Names of collections that are being loaded and cannot be searched yet. */
  readonly loading: () => Promise<string[]>;
  readonly close: () => Promise<void>;
}

export interface VerifyAnswer {
  readonly ready: boolean;
  readonly reason: string;
}

/** Throws VerificationFailed where Milvus does not work; not ready while it still loads after `budgetMs`. */
export async function verifyCluster(
  milvus: MilvusPort,
  { budgetMs, intervalMs, clock }: { budgetMs: number; intervalMs: number; clock: Clock },
): Promise<VerifyAnswer> {
  try {
    await proveWritable(milvus);
    return await pollUntil(
      async () => {
        const loading = await milvus.loading();
        return loading.length === 0
          ? { ready: true, reason: 'every collection that was loaded is loaded' }
          : { ready: false, reason: `still loading: ${loading.join(', ')}` };
      },
      { intervalMs, budgetMs, clock },
    );
  } finally {
    await milvus.close();
  }
}

async function proveWritable(milvus: MilvusPort): Promise<void> {
  try {
    await milvus.dropCollection(PROBE_COLLECTION);
    await milvus.createCollection(PROBE_COLLECTION);
    await milvus.dropCollection(PROBE_COLLECTION);
  } catch (cause) {
    throw new RedkiteError('VerificationFailed', `Milvus could not create a collection: ${(cause as Error).message}`, {
      cause,
    });
  }
}
