import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { apiHandler, invalidFields } from '../common/http/api.ts';
import { clusterView } from '../common/http/cluster-view.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { listClusters } from '../common/registry/registry.ts';

const registry = connectRegistry();
const querySchema = z.strictObject({
  limit: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(100, 'must be at most 100')
    .default(50),
  after: clusterNameSchema.optional(),
});

export const handler = apiHandler(async (event) => {
  const query = querySchema.safeParse(event.queryStringParameters ?? {});
  if (!query.success) {
    throw invalidFields(
      query.error.issues.map((issue) => ({ field: issue.path.join('.') || 'query', message: issue.message })),
    );
  }
  const { limit, after } = query.data;
  const page = await listClusters(registry, { limit, ...(after === undefined ? {} : { after }) });
  return { status: 200, body: { ...page, clusters: page.clusters.map((record) => clusterView(record)) } };
});
