import { z } from 'zod';
import { isArchiveName, manifestKey } from '../common/archive/manifest.ts';
import { apiHandler, parseQuery } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { FOLLOW_MS, requestKey, startAndFollow } from '../common/http/execution.ts';
import { connectExecutions } from '../common/http/executions-env.ts';
import { archiveNotFound, clusterInPath } from '../common/http/path.ts';
import { archiveStores } from '../common/keeping/connect.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { connectRegistry } from '../common/registry/connect.ts';

const registry = connectRegistry(API_CLIENT);
const executions = connectExecutions();
const stores = archiveStores(API_CLIENT);
const archiveName = z.string('is required').refine(isArchiveName, 'must be the name of an archive');
const querySchema = z.strictObject({ from: archiveName, to: archiveName });
const HOUR_MS = 3_600_000;

export const handler = apiHandler(async (event) => {
  const { name: cluster } = await clusterInPath(registry, event);
  const { from, to } = parseQuery(event, querySchema);
  const store = stores(cluster);
  const known = await Promise.all([from, to].map((name) => store.get(manifestKey(name))));
  for (const [field, name, index] of [
    ['from', from, 0],
    ['to', to, 1],
  ] as const) {
    if (known[index] === undefined) throw archiveNotFound(cluster, name, field);
  }
  // Archives do not change, so the answer of the same question stays; a comparison that failed is made again after an hour.
  const hour = String(Math.floor(Date.now() / HOUR_MS));
  const request = {
    cluster,
    kind: 'compare' as const,
    key: requestKey({ cluster, kind: 'compare', from, to }, new Date(), hour),
    input: { cluster, compare: { from, to } },
  };
  return startAndFollow(executions, request, { waitMs: FOLLOW_MS, clock: systemClock });
});
