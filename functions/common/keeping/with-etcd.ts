/** A client of some members for one piece of work, closed whatever happens; what etcd refuses is an error that machines match. */
import { connectEtcd, isEtcdError, type EtcdClient } from '../etcd/client.ts';
import { RedkiteError } from '../lambda/errors.ts';

export interface EtcdWork {
  /** host:port; none is MetadataUnreachable as well. */
  readonly endpoints: readonly string[];
  readonly timeoutMs: number;
  /** Sentences that begin what is said: without a member, and when etcd does not do what it should. */
  readonly nobody: string;
  readonly failed: string;
}

export async function withEtcd<Result>(
  { endpoints, timeoutMs, nobody, failed }: EtcdWork,
  work: (etcd: EtcdClient) => Promise<Result>,
): Promise<Result> {
  if (endpoints.length === 0) throw new RedkiteError('MetadataUnreachable', nobody);
  const etcd = connectEtcd(endpoints, { timeoutMs });
  try {
    return await work(etcd);
  } catch (error) {
    if (!isEtcdError(error)) throw error;
    throw new RedkiteError('MetadataUnreachable', `${failed}: ${error.message}`, { cause: error });
  } finally {
    etcd.close();
  }
}
