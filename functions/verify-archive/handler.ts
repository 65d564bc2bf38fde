import { manifestKey } from '../common/archive/manifest.ts';
import { apiHandler, idempotencyKeyOf } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { FOLLOW_MS, requestKey, startAndFollow } from '../common/http/execution.ts';
import { connectExecutions } from '../common/http/executions-env.ts';
import { archiveInPath, archiveNotFound, clusterInPath } from '../common/http/path.ts';
import { archiveStores } from '../common/keeping/connect.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { connectRegistry } from '../common/registry/connect.ts';

const registry = connectRegistry(API_CLIENT);
const executions = connectExecutions();
const stores = archiveStores(API_CLIENT);

export const handler = apiHandler(async (event) => {
  const idempotencyKey = idempotencyKeyOf(event);
  const { name: cluster } = await clusterInPath(registry, event);
  const archive = archiveInPath(cluster, event);
  if ((await stores(cluster).get(manifestKey(archive))) === undefined) throw archiveNotFound(cluster, archive);
  const request = {
    cluster,
    kind: 'verify' as const,
    key: requestKey({ cluster, kind: 'verify', archive }, new Date(), idempotencyKey),
    input: { cluster, verify: archive },
  };
  return startAndFollow(executions, request, { waitMs: FOLLOW_MS, clock: systemClock });
});
