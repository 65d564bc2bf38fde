/** What each awake cluster has changed goes to S3, or an archive does when one is due (decision 2 of the design). */
import type { ObjectStore } from '../common/archive/store/store.ts';
import { retentionOf } from '../common/cluster/spec.ts';
import type { EtcdClient } from '../common/etcd/client.ts';
import { memberEndpoints } from '../common/keeping/connect.ts';
import { decideKeeping, KEEPING_POLICY } from '../common/keeping/decide.ts';
import { keepCluster, type Kept } from '../common/keeping/keep.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { messageOf } from '../common/lambda/errors.ts';
import { logger } from '../common/lambda/logger.ts';
import type { Clock } from '../common/lambda/polling.ts';
import { archiveStateIn } from '../common/registry/archive-state.ts';
import { loadCluster, type RegistryTable } from '../common/registry/registry.ts';
import { isWatched } from './awake.ts';
import { inLanes, type Failed } from './lanes.ts';
import type { Publish } from './metrics.ts';

export interface ShipDeps {
  readonly registry: RegistryTable;
  readonly stores: (cluster: string) => ObjectStore;
  readonly connect: (endpoints: readonly string[]) => EtcdClient;
  readonly publish: Publish;
  readonly clock: Pick<Clock, 'now'>;
}

export interface Shipped {
  readonly archived: number;
  readonly shipped: number;
  readonly failed: readonly Failed[];
}

/** Clusters at a time: mostly waited for, each holds a page of changes in memory and a few connections. */
const SHIPPING_AT_ONCE = 32;
/** Fewer: each goes through a whole catalog. */
const ARCHIVING_AT_ONCE = 8;

/**
 * Archives come after the changes of all clusters: they take longer, and where many are due at once nobody's changes wait for them.
 */
export async function shipAll(deps: ShipDeps, clusters: readonly string[]): Promise<Shipped> {
  let archived = 0;
  let shipped = 0;
  const due: string[] = [];
  const keep = (archives: Archives) => async (cluster: string) => {
    try {
      const kept = await shipOne(deps, cluster, archives);
      if (kept === 'archive-due') due.push(cluster);
      else if (kept !== undefined) {
        if (kept.action === 'archived') archived += 1;
        if (kept.action === 'shipped') shipped += 1;
        deps.publish(cluster, {
          ShippingFailed: 0,
          UnshippedSeconds: Math.max(0, deps.clock.now() - Date.parse(kept.asOf)) / 1_000,
        });
      }
    } catch (error) {
      deps.publish(cluster, { ShippingFailed: 1 });
      const reason = messageOf(error);
      logger.error('changes were not shipped', { event: LOG_EVENTS.shippingFailed, cluster, reason });
      throw error;
    }
  };
  const nameOf = (cluster: string) => cluster;
  const failed = await inLanes(clusters, SHIPPING_AT_ONCE, nameOf, keep('later'));
  const failedLater = await inLanes(due, ARCHIVING_AT_ONCE, nameOf, keep('now'));
  return { archived, shipped, failed: [...failed, ...failedLater] };
}

type Archives = 'now' | 'later';

/** Undefined when the cluster has been put to sleep, or taken over, meanwhile. */
async function shipOne(
  { registry, stores, connect, clock }: ShipDeps,
  name: string,
  archives: Archives,
): Promise<Kept | 'archive-due' | undefined> {
  const { record, tasks, items } = await loadCluster(registry, name);
  if (record === undefined || !isWatched(record)) return undefined;
  const now = () => new Date(clock.now());
  const { action } = decideKeeping(archiveStateIn(items), KEEPING_POLICY, now());
  if (action === 'archive' && archives === 'later') return 'archive-due';
  const endpoints = memberEndpoints(record, tasks);
  if (endpoints.length === 0) throw new Error('no member has a task that runs');
  const etcd = connect(endpoints);
  try {
    const deps = { registry, store: stores(name), etcd, retention: retentionOf(record.spec) };
    return await keepCluster(deps, record, KEEPING_POLICY, now);
  } finally {
    etcd.close();
  }
}
