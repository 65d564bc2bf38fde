/**
 * One cluster's minute: ships what has changed, or takes an archive when one is due, or when the log cannot go on. Gather,
 * decide (decide.ts), act.
 */
import { shipChanges } from '../archive/changes.ts';
import type { ClusterRecord } from '../cluster/record.ts';
import { archivesToKeep } from '../cluster/undo.ts';
import { LOG_EVENTS } from '../lambda/events.ts';
import { logger } from '../lambda/logger.ts';
import { getArchiveState, putArchiveState, type ArchiveState } from '../registry/archive-state.ts';
import { archiveCluster, type ArchiveDeps } from './archive.ts';
import { decideKeeping, type KeepingPolicy } from './decide.ts';

export interface Kept {
  readonly action: 'archived' | 'shipped' | 'up-to-date';
  readonly changes: number;
  readonly asOf: string;
}

export async function keepCluster(
  deps: ArchiveDeps,
  { name: cluster, spec, restoration }: Pick<ClusterRecord, 'name' | 'spec' | 'restoration'>,
  policy: KeepingPolicy,
  clock: () => Date,
): Promise<Kept> {
  const archive = async (reason: string): Promise<Kept> => {
    const now = clock();
    const pinned = archivesToKeep(restoration, now);
    const { asOf } = await archiveCluster(
      deps,
      { cluster, release: spec.release, mode: 'linearizable', reason, pinned },
      now,
    );
    return { action: 'archived', changes: 0, asOf };
  };
  const state = await getArchiveState(deps.registry, cluster);
  const decision = decideKeeping(state, policy, clock());
  if (decision.action === 'archive' || state === undefined) return archive(decision.reason);
  const result = await shipChanges(deps.etcd, deps.store, { cluster, after: decision.after, now: clock });
  switch (result.outcome) {
    case 'needs-archive':
      return archive(result.reason);
    case 'up-to-date':
      return { action: 'up-to-date', changes: 0, asOf: result.asOf };
    case 'shipped': {
      const { point, changes, complete, segments } = result;
      const asOf = complete ? result.asOf : state.asOf;
      const next: ArchiveState = { ...state, point, asOf };
      await putArchiveState(deps.registry, cluster, next);
      logger.info('changes shipped', {
        event: LOG_EVENTS.changesShipped,
        ...{ cluster, changes, segments: segments.length, revision: point.revision, complete },
      });
      return { action: 'shipped', changes, asOf };
    }
  }
}
