/**
 * Fills a new, empty quorum from an archive and the change log after it, and proves it (common/archive/restore.ts). Runs
 * inside the VPC; called again with the same input until it is done.
 */
import type { Manifest } from '../common/archive/manifest.ts';
import { loadManifest, verifyArchive } from '../common/archive/read.ts';
import { LARGE_TRANSACTIONS, restore, type RestoreResult, type RestoreSource } from '../common/archive/restore.ts';
import { archiveSource, replaySource } from '../common/archive/sources.ts';
import type { ObjectStore } from '../common/archive/store/store.ts';
import { writeArchive } from '../common/archive/write.ts';
import { skipMessages } from '../common/catalog/positions.ts';
import { isEtcdError, type EtcdClient } from '../common/etcd/client.ts';
import { messageOf } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import type { Clock } from '../common/lambda/polling.ts';

export interface RestoreRequest {
  readonly cluster: string;
  readonly archive: string;
  /** Up to there by the change log; the archive alone when it is the archive's own. */
  readonly revision: number;
  /** ISO 8601: what stands in Kafka from before is not read again. For a state that people chose. */
  readonly skipTo?: string | undefined;
}

export interface RestoreDeps {
  readonly store: ObjectStore;
  readonly etcd: EtcdClient;
  readonly clock: Clock;
}

export async function restoreMetadata(
  { store, etcd, clock }: RestoreDeps,
  { cluster, archive, revision, skipTo }: RestoreRequest,
  budgetMs: number,
): Promise<RestoreResult> {
  const manifest = await loadManifest(store, archive, { cluster, now: new Date(clock.now()) });
  const source =
    revision === manifest.revision ? archiveSource(store, manifest) : await replaySource(store, manifest, { revision });
  const wanted = skipTo === undefined ? source : skipMessages(source, cluster, new Date(skipTo));
  const result = await fill(etcd, wanted, { clock, deadline: clock.now() + budgetMs });
  if (result.done && skipTo !== undefined) await archiveChosen({ store, etcd, clock }, manifest);
  return result;
}

async function fill(
  etcd: EtcdClient,
  source: RestoreSource,
  options: { readonly clock: Clock; readonly deadline: number },
): Promise<RestoreResult> {
  try {
    return await restore(etcd, source, { ...options, ...LARGE_TRANSACTIONS });
  } catch (error) {
    // Members that were started by a deployment before this one: they take no batch of that size, so none is in.
    if (!isEtcdError(error, 'too-many-operations')) throw error;
    return restore(etcd, source, options);
  }
}

/**
 * The newest archive is that of the state which people have just left. Should the new quorum be lost before the minute has
 * archived it, a recovery would go back there: so the chosen state, as it is in the new quorum, is archived before anybody can
 * find it. Best effort: the minute does it again.
 */
async function archiveChosen(
  { store, etcd, clock }: RestoreDeps,
  { cluster, milvusVersion }: Pick<Manifest, 'cluster' | 'milvusVersion'>,
): Promise<void> {
  const now = new Date(clock.now());
  try {
    const { name } = await writeArchive(etcd, store, { cluster, milvusVersion, mode: 'linearizable', now });
    await verifyArchive(store, name, { cluster, now });
    logger.info('the restored state was archived', { event: LOG_EVENTS.archiveTaken, cluster, archive: name });
  } catch (error) {
    logger.error('the restored state was not archived', {
      event: LOG_EVENTS.archiveNotTaken,
      ...{ cluster, reason: messageOf(error) },
    });
  }
}
