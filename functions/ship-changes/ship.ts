/**
 * Every minute, for all clusters together: what each awake one has changed goes to S3 (decision 2 of the design). One call
 * of one function, so that a cluster which sits idle costs next to nothing; a cluster that cannot be reached keeps none of
 * the others.
 */
import type { ObjectStore } from '../common/archive/store/store.ts';
import { DEFAULT_RETENTION } from '../common/archive/retention.ts';
import type { ClusterRecord } from '../common/cluster/record.ts';
import type { EtcdClient } from '../common/etcd/client.ts';
import { memberEndpoints } from '../common/keeping/connect.ts';
import { KEEPING_POLICY } from '../common/keeping/decide.ts';
import { keepCluster } from '../common/keeping/keep.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { messageOf } from '../common/lambda/errors.ts';
import { logger } from '../common/lambda/logger.ts';
import { listClusters, loadCluster, type RegistryTable } from '../common/registry/registry.ts';

export interface ShipDeps {
  readonly registry: RegistryTable;
  readonly stores: (cluster: string) => ObjectStore;
  readonly connect: (endpoints: readonly string[]) => EtcdClient;
  readonly clock: () => Date;
}

export interface Shipped {
  readonly clusters: number;
  readonly archived: number;
  readonly shipped: number;
  readonly failed: readonly { readonly cluster: string; readonly reason: string }[];
}

/** Clusters at a time: each holds a page of changes in memory and a few connections. */
const AT_ONCE = 8;
const PAGE = 100;

export async function shipAll(deps: ShipDeps): Promise<Shipped> {
  const names = await awakeClusters(deps.registry);
  const failed: { cluster: string; reason: string }[] = [];
  let archived = 0;
  let shipped = 0;
  const lane = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      try {
        const action = await shipOne(deps, name);
        if (action === 'archived') archived += 1;
        if (action === 'shipped') shipped += 1;
      } catch (error) {
        const reason = messageOf(error);
        failed.push({ cluster: name, reason });
        logger.error('changes were not shipped', { event: LOG_EVENTS.shippingFailed, cluster: name, reason });
      }
    }
  };
  const clusters = names.length;
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { clusters, archived, shipped, failed };
}

async function awakeClusters(registry: RegistryTable): Promise<string[]> {
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page = await listClusters(registry, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    names.push(...page.clusters.filter(isKept).map(({ name }) => name));
    after = page.next;
  } while (after !== undefined);
  return names;
}

/** Only a cluster that serves changes anything; the others are archived by whoever moves them. */
const isKept = ({ phase, metadataOpen }: ClusterRecord) => phase === 'awake' && metadataOpen;

async function shipOne({ registry, stores, connect, clock }: ShipDeps, name: string): Promise<string> {
  const { record, tasks } = await loadCluster(registry, name);
  if (record === undefined || !isKept(record)) return 'skipped';
  const endpoints = memberEndpoints(record, tasks);
  if (endpoints.length === 0) throw new Error('no member has a task that runs');
  const etcd = connect(endpoints);
  try {
    const deps = { registry, store: stores(name), etcd, retention: DEFAULT_RETENTION };
    return (await keepCluster(deps, record, KEEPING_POLICY, clock)).action;
  } finally {
    etcd.close();
  }
}
