/**
 * Takes an archive of a running cluster: written, read through again and found whole, noted in the registry as what the
 * change log follows; then the archives that retention does not keep go, and the log that only they needed.
 */
import { listSegments, segmentsToRemove } from '../archive/changes.ts';
import { listArchives, removeArchive, verifyArchive } from '../archive/read.ts';
import { archiveTime } from '../archive/manifest.ts';
import { decideRetention, isLeftBehind, type RetentionPolicy } from '../archive/retention.ts';
import { writeArchive } from '../archive/write.ts';
import type { ReadMode } from '../archive/scan.ts';
import type { ObjectStore } from '../archive/store/store.ts';
import type { EtcdClient } from '../etcd/client.ts';
import { messageOf } from '../lambda/errors.ts';
import { LOG_EVENTS } from '../lambda/events.ts';
import { logger } from '../lambda/logger.ts';
import { putArchiveState, type ArchiveState } from '../registry/archive-state.ts';
import type { RegistryTable } from '../registry/registry.ts';

export interface ArchiveDeps {
  readonly registry: RegistryTable;
  readonly store: ObjectStore;
  readonly etcd: EtcdClient;
  readonly retention: RetentionPolicy;
}

export interface ArchiveRequest {
  readonly cluster: string;
  readonly release: string;
  /** `serializable` reads a survivor that no quorum stands behind. */
  readonly mode: ReadMode;
  readonly reason: string;
  /** Names of archives that stay, whatever retention says. */
  readonly pinned: readonly string[];
}

export async function archiveCluster(
  { registry, store, etcd, retention }: ArchiveDeps,
  { cluster, release, mode, reason, pinned }: ArchiveRequest,
  now: Date,
): Promise<ArchiveState> {
  const written = await writeArchive(etcd, store, { cluster, milvusVersion: release, mode, now });
  const { manifest, verifiedAt } = await verifyArchive(store, written.name, { cluster, now });
  const { name, createdAt, revision, keys, history } = manifest;
  const state: ArchiveState = {
    archive: { name, createdAt, revision, keys, verifiedAt },
    point: history === null ? null : { history, revision, sha256: null },
    asOf: createdAt,
  };
  await putArchiveState(registry, cluster, state);
  logger.info(reason, { event: LOG_EVENTS.archiveTaken, cluster, archive: name, revision, keys });
  try {
    await prune(store, { cluster, policy: retention, pinned }, now);
  } catch (error) {
    // The next archive tries it again; whoever waits for this one has it.
    logger.error('archives were not removed', {
      event: LOG_EVENTS.archivesNotPruned,
      ...{ cluster, reason: messageOf(error) },
    });
  }
  return state;
}

async function prune(
  store: ObjectStore,
  { cluster, policy, pinned }: { cluster: string; policy: RetentionPolicy; pinned: readonly string[] },
  now: Date,
): Promise<void> {
  const { usable, unfinished } = await listArchives(store, { cluster, now });
  const decisions = decideRetention(
    usable.map(({ name, manifest, verifiedAt }) => ({
      name,
      createdAt: manifest.createdAt,
      verified: verifiedAt !== undefined,
      readAt: verifiedAt,
      pinned: pinned.includes(name),
    })),
    policy,
    now,
  );
  const removed = new Set(decisions.filter(({ action }) => action === 'remove').map(({ name }) => name));
  for (const name of [...removed, ...unfinished.filter((left) => isLeftBehind(archiveTime(left), now))]) {
    await removeArchive(store, name);
    logger.info('archive removed', { event: LOG_EVENTS.archiveRemoved, cluster, archive: name });
  }
  if (removed.size === 0) return;
  const histories = new Set(usable.flatMap(({ manifest }) => manifest.history ?? []));
  for (const history of histories) {
    const kept = usable.filter(({ name, manifest }) => !removed.has(name) && manifest.history === history);
    const oldest = kept.length === 0 ? undefined : Math.min(...kept.map(({ manifest }) => manifest.revision));
    const segments = segmentsToRemove(await listSegments(store, history), oldest);
    if (segments.length > 0) await store.remove(segments.map(({ key }) => key));
  }
}
