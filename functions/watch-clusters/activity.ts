/** Is each awake cluster used? One that is not is asked to fall asleep (common/idle/watch.ts decides). */
import { watchIdle, OvertakenError } from '../common/idle/watch.ts';
import { messageOf } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import type { Clock } from '../common/lambda/polling.ts';
import { loadCluster, type RegistryTable } from '../common/registry/registry.ts';
import { isWatched } from './awake.ts';
import { inLanes, type Failed } from './lanes.ts';

export interface ActivityDeps {
  readonly registry: RegistryTable;
  /** Of one look at one task. */
  readonly lookTimeoutMs: number;
  readonly clock: Pick<Clock, 'now'>;
}

export interface Activity {
  /** Clusters that may fall asleep. */
  readonly idle: readonly { readonly cluster: string; readonly reason: string }[];
  readonly failed: readonly Failed[];
}

/** Clusters at a time: each is mostly waited for. */
const AT_ONCE = 32;

export async function watchActivity(deps: ActivityDeps, clusters: readonly string[]): Promise<Activity> {
  const idle: { cluster: string; reason: string }[] = [];
  const failed = await inLanes(
    clusters,
    AT_ONCE,
    (cluster) => cluster,
    async (cluster) => {
      const reason = await lookAt(deps, cluster);
      if (reason !== undefined) idle.push({ cluster, reason });
    },
  );
  for (const { cluster, reason } of failed) {
    logger.error('activity could not be looked at', { event: LOG_EVENTS.activityFailed, cluster, reason });
  }
  return { idle, failed };
}

/** Why it may fall asleep; undefined when it stays awake. */
async function lookAt({ registry, lookTimeoutMs, clock }: ActivityDeps, name: string): Promise<string | undefined> {
  const { record, tasks, items } = await loadCluster(registry, name);
  if (record === undefined || !isWatched(record)) return undefined;
  try {
    const decision = await watchIdle(
      { registry, timeoutMs: lookTimeoutMs, clock: () => new Date(clock.now()) },
      { record, tasks, items },
    );
    if (decision.action === 'stay-awake') return undefined;
    logger.info(decision.reason, { event: LOG_EVENTS.clusterIdle, cluster: name, idleSince: decision.idleSince });
    return decision.reason;
  } catch (error) {
    if (!(error instanceof OvertakenError)) throw error;
    logger.info(messageOf(error), { event: LOG_EVENTS.activityOvertaken, cluster: name });
    return undefined;
  }
}
