/**
 * Fills a new, empty quorum from an archive and the change log after it, and proves it (common/archive/restore.ts). Runs
 * inside the VPC; called again with the same input until it is done.
 */
import { loadManifest } from '../common/archive/read.ts';
import { restore, type RestoreResult } from '../common/archive/restore.ts';
import { archiveSource, replaySource } from '../common/archive/sources.ts';
import type { ObjectStore } from '../common/archive/store/store.ts';
import { skipMessages } from '../common/catalog/positions.ts';
import type { EtcdClient } from '../common/etcd/client.ts';
import type { Clock } from '../common/lambda/polling.ts';

export interface RestoreRequest {
  readonly cluster: string;
  readonly archive: string;
  /** Up to there by the change log; the archive alone when it is the archive's own. */
  readonly revision: number;
  /** ISO 8601: what stands in Kafka from before is not read again. For a state that people chose. */
  readonly skipTo?: string | undefined;
}

export async function restoreMetadata(
  { store, etcd, clock }: { readonly store: ObjectStore; readonly etcd: EtcdClient; readonly clock: Clock },
  { cluster, archive, revision, skipTo }: RestoreRequest,
  budgetMs: number,
): Promise<RestoreResult> {
  const manifest = await loadManifest(store, archive, { cluster, now: new Date(clock.now()) });
  const source =
    revision === manifest.revision ? archiveSource(store, manifest) : await replaySource(store, manifest, { revision });
  return restore(etcd, skipTo === undefined ? source : skipMessages(source, cluster, new Date(skipTo)), {
    clock,
    deadline: clock.now() + budgetMs,
  });
}
