import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { apiHandler, pageLimitSchema, parseQuery } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { clusterView } from '../common/http/cluster-view.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { listClusters } from '../common/registry/registry.ts';

const registry = connectRegistry(API_CLIENT);
const querySchema = z.strictObject({
  limit: pageLimitSchema,
  after: clusterNameSchema.optional(),
});

export const handler = apiHandler(async (event) => {
  const { limit, after } = parseQuery(event, querySchema);
  const page = await listClusters(registry, { limit, ...(after === undefined ? {} : { after }) });
  return { status: 200, body: { ...page, clusters: page.clusters.map((record) => clusterView(record)) } };
});
