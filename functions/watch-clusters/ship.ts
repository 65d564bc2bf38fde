/** What each awake cluster has changed goes to S3, or an archive does when one is due (decision 2 of the design). */
import type { ObjectStore } from '../common/archive/store/store.ts';
import { retentionOf } from '../common/cluster/spec.ts';
import type { EtcdClient } from '../common/etcd/client.ts';
import { memberEndpoints } from '../common/keeping/connect.ts';
import { KEEPING_POLICY } from '../common/keeping/decide.ts';
import { keepCluster, type Kept } from '../common/keeping/keep.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { messageOf } from '../common/lambda/errors.ts';
import { logger } from '../common/lambda/logger.ts';
import type { Clock } from '../common/lambda/polling.ts';
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

/** Clusters at a time: each holds a page of changes in memory and a few connections. */
const AT_ONCE = 8;

export async function shipAll(deps: ShipDeps, clusters: readonly string[]): Promise<Shipped> {
  let archived = 0;
  let shipped = 0;
  const failed = await inLanes(
    clusters,
    AT_ONCE,
    (cluster) => cluster,
    async (cluster) => {
      try {
        const kept = await shipOne(deps, cluster);
        if (kept?.action === 'archived') archived += 1;
        if (kept?.action === 'shipped') shipped += 1;
        if (kept !== undefined) {
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
    },
  );
  return { archived, shipped, failed };
}

/** Undefined when the cluster has been put to sleep, or taken over, meanwhile. */
async function shipOne({ registry, stores, connect, clock }: ShipDeps, name: string): Promise<Kept | undefined> {
  const { record, tasks } = await loadCluster(registry, name);
  if (record === undefined || !isWatched(record)) return undefined;
  const endpoints = memberEndpoints(record, tasks);
  if (endpoints.length === 0) throw new Error('no member has a task that runs');
  const etcd = connect(endpoints);
  try {
    const deps = { registry, store: stores(name), etcd, retention: retentionOf(record.spec) };
    return await keepCluster(deps, record, KEEPING_POLICY, () => new Date(clock.now()));
  } finally {
    etcd.close();
  }
}
