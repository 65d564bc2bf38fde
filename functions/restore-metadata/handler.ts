import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { archiveStores } from '../common/keeping/connect.ts';
import { withEtcd } from '../common/keeping/with-etcd.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { endpointOf } from '../common/quorum/members.ts';
import { restoreMetadata } from './restore.ts';

const TIMEOUT_MS = 10_000;
/** Less than the function may take, with room for its last answers. */
const BUDGET_MS = 12 * 60_000;
const stores = archiveStores();

const inputSchema = z.object({
  cluster: clusterNameSchema,
  groups: z.array(z.object({ addresses: z.array(z.string()) })).min(1),
  restore: z.object({ archive: z.string(), revision: z.int().positive(), skipTo: z.iso.datetime().optional() }),
});

export const handler = stepHandler(inputSchema, async ({ cluster, groups, restore }) => {
  const endpoints = groups.flatMap(({ addresses }) => addresses.map(endpointOf));
  const work = {
    endpoints,
    timeoutMs: TIMEOUT_MS,
    nobody: 'No member of the new quorum has an address.',
    failed: `The new quorum of ${cluster} did not answer`,
  };
  return withEtcd(work, async (etcd) => {
    const deps = { store: stores(cluster), etcd, clock: systemClock };
    const result = await restoreMetadata(deps, { cluster, ...restore }, BUDGET_MS);
    logger.info('metadata restored', { event: LOG_EVENTS.metadataRestored, cluster, ...restore, result });
    return result;
  });
});
