import { z } from 'zod';
import { serviceGroup } from '../common/cluster/names.ts';
import { clusterNameSchema, retentionOf } from '../common/cluster/spec.ts';
import { isServing } from '../common/cluster/tasks.ts';
import { archivesToKeep } from '../common/cluster/undo.ts';
import { archiveCluster } from '../common/keeping/archive.ts';
import { archiveStores, memberEndpoints } from '../common/keeping/connect.ts';
import { withEtcd } from '../common/keeping/with-etcd.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { loadCluster } from '../common/registry/registry.ts';
import { sharedPort } from '../common/releases/ports.ts';
import { flushAll } from './flush.ts';
import { connectFlush } from '../common/milvus/flush-port.ts';

const TIMEOUT_MS = 30_000;
const FLUSH_MS = 90_000;
const CLIENT_PORT = sharedPort('client');
const registry = connectRegistry();
const stores = archiveStores();

const inputSchema = z.object({
  cluster: clusterNameSchema,
  reason: z.string().default('asked for'),
  /** host:port of the one member to read as it is, without a quorum behind it. */
  survivor: z.string().optional(),
  /** Let Milvus write what it has only in Kafka first. */
  flush: z.boolean().default(false),
});

export const handler = stepHandler(inputSchema, async ({ cluster, reason, survivor, flush }) => {
  const { record, tasks } = await loadCluster(registry, cluster);
  if (record === undefined) throw new RedkiteError('InvalidInput', `There is no cluster ${cluster}.`);
  const { spec, restoration } = record;
  const proxy = tasks.filter(isServing).find(({ group }) => group === serviceGroup(cluster, 'proxy'));
  const flushed =
    flush && proxy !== undefined
      ? await flushAll(() => connectFlush(`${proxy.address}:${CLIENT_PORT}`, TIMEOUT_MS), {
          budgetMs: FLUSH_MS,
          clock: systemClock,
        })
      : { done: false, reason: flush ? 'no proxy runs' : 'not asked for' };
  const work = {
    endpoints: survivor === undefined ? memberEndpoints(record, tasks) : [survivor],
    timeoutMs: TIMEOUT_MS,
    nobody: `No etcd member of ${cluster} runs: there is nothing to read.`,
    failed: `The metadata of ${cluster} could not be read`,
  };
  const now = new Date();
  const state = await withEtcd(work, (etcd) =>
    archiveCluster(
      { registry, store: stores(cluster), etcd, retention: retentionOf(spec) },
      {
        ...{ cluster, release: spec.release, reason },
        mode: survivor === undefined ? 'linearizable' : 'serializable',
        pinned: archivesToKeep(restoration, now),
      },
      now,
    ),
  );
  return { ...state, flushed };
});
