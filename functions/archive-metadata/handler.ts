import { z } from 'zod';
import { DEFAULT_RETENTION } from '../common/archive/retention.ts';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { archiveCluster } from '../common/keeping/archive.ts';
import { archiveStores, memberEndpoints } from '../common/keeping/connect.ts';
import { withEtcd } from '../common/keeping/with-etcd.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { loadCluster } from '../common/registry/registry.ts';

const TIMEOUT_MS = 30_000;
const registry = connectRegistry();
const stores = archiveStores();

export const handler = stepHandler(
  z.object({
    cluster: clusterNameSchema,
    reason: z.string().default('asked for'),
    /** host:port of the one member to read as it is, without a quorum behind it. */
    survivor: z.string().optional(),
  }),
  async ({ cluster, reason, survivor }) => {
    const { record, tasks } = await loadCluster(registry, cluster);
    if (record === undefined) throw new RedkiteError('InvalidInput', `There is no cluster ${cluster}.`);
    const endpoints = survivor === undefined ? memberEndpoints(record, tasks) : [survivor];
    const work = {
      endpoints,
      timeoutMs: TIMEOUT_MS,
      nobody: `No etcd member of ${cluster} runs: there is nothing to read.`,
      failed: `The metadata of ${cluster} could not be read`,
    };
    return withEtcd(work, (etcd) =>
      archiveCluster(
        { registry, store: stores(cluster), etcd, retention: DEFAULT_RETENTION },
        {
          cluster,
          release: record.spec.release,
          mode: survivor === undefined ? 'linearizable' : 'serializable',
          reason,
        },
        new Date(),
      ),
    );
  },
);
