/**
 * Runs inside the VPC: makes Milvus do real work, before anybody is let in. Creating a collection writes to etcd and to
 * every Kafka topic it uses, so wrong Kafka credentials, small messages or missing topics show here (health checks do not
 * see them: measured, see docs/architecture.md). The collection is dropped again, also one that an earlier try left.
 */
import { RedkiteError } from '../common/lambda/errors.ts';

export const PROBE_COLLECTION = '_redkite_probe';

/** The four calls of the Milvus client that are used, so that a test needs no Milvus. */
export interface MilvusPort {
  readonly dropCollection: (name: string) => Promise<void>;
  readonly createCollection: (name: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function verifyCluster(milvus: MilvusPort): Promise<{ readonly ready: true }> {
  try {
    await milvus.dropCollection(PROBE_COLLECTION);
    await milvus.createCollection(PROBE_COLLECTION);
    await milvus.dropCollection(PROBE_COLLECTION);
    return { ready: true };
  } catch (cause) {
    throw new RedkiteError('VerificationFailed', `Milvus could not create a collection: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    await milvus.close();
  }
}
