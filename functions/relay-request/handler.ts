/** Inside the VPC, invoked by hold-request once a cluster is awake: the first REST request is answered by Milvus itself. */
import { relayRequestSchema } from '../common/http/relayed.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { loadCluster } from '../common/registry/registry.ts';
import { sharedPort } from '../common/releases/ports.ts';
import { relayRequest } from './relay.ts';

const registry = connectRegistry();
/** Of a function that may take 110 s. */
const TIMEOUT_MS = 100_000;
const CONNECT_TIMEOUT_MS = 2_000;

export const handler = stepHandler(relayRequestSchema, async (request) => {
  const result = await relayRequest(
    {
      tasks: async (cluster) => (await loadCluster(registry, cluster)).tasks,
      port: sharedPort('client'),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      timeoutMs: TIMEOUT_MS,
      draw: Math.random,
    },
    request,
  );
  const { cluster, method } = request;
  const detail = 'reason' in result ? { reason: result.reason } : {};
  logger.info('request relayed', { event: LOG_EVENTS.requestRelayed, cluster, method, result: result.kind, ...detail });
  return result;
});
