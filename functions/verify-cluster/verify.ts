/**
 * Runs inside the VPC: makes Milvus do real work, before anybody is let in. Creating a collection writes to etcd and to
 * every Kafka topic it uses, so wrong Kafka credentials, small messages or missing topics show here (health checks do not
 * see them: measured, see docs/architecture.md). The collection is dropped again, also one that an earlier try left.
 *
 * Then it waits for the collections that were loaded before, where the cluster has been awake before: while they load, the
 * proxy answers a search with "collection not loaded", which clients do not retry. One that never loads (it was dropped in the
 * minute that a lost quorum cost, or has no room any more) must not keep the others from their clients for ever: how far all of
 * them are is told as well, and register-endpoints waits as long as that grows.
 */
import { boundedNames } from '../common/lambda/bounded.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { pollUntil, type Clock } from '../common/lambda/polling.ts';

export const PROBE_COLLECTION = '_redkite_probe';

export interface LoadedCollection {
  readonly name: string;
  /** As Milvus counts it: 100 is not yet the proof of an answer. */
  readonly percent: number;
  /** A query was answered. */
  readonly answers: boolean;
}

/** The calls of the Milvus client that are used, so that a test needs no Milvus. */
export interface MilvusPort {
  readonly dropCollection: (name: string) => Promise<void>;
  readonly createCollection: (name: string) => Promise<void>;
  /** Collections that are loaded, or on their way to it. */
  readonly loaded: () => Promise<readonly LoadedCollection[]>;
  readonly close: () => Promise<void>;
}

export interface VerifyAnswer {
  readonly ready: boolean;
  readonly reason: string;
  /** Names of those that cannot be searched yet, in a sentence's form; empty when it is ready. */
  readonly loading: string;
  /** Grows while collections load; says nothing else. */
  readonly progress: number;
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
        const collections = await milvus.loaded();
        const progress = collections.reduce((sum, { percent, answers }) => sum + percent + (answers ? 1 : 0), 0);
        const waiting = collections.filter(({ answers }) => !answers).map(({ name }) => name);
        const loading = boundedNames(waiting);
        return waiting.length === 0
          ? { ready: true, reason: 'every collection that was loaded is loaded', loading, progress }
          : { ready: false, reason: `still loading: ${loading}`, loading, progress };
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
