import { z } from 'zod';
import { isArchiveName } from '../common/archive/manifest.ts';
import { apiHandler, pageLimitSchema, parseQuery } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { clusterInPath } from '../common/http/path.ts';
import { archiveStores } from '../common/keeping/connect.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { listPage } from './list.ts';

const registry = connectRegistry(API_CLIENT);
const stores = archiveStores(API_CLIENT);
const querySchema = z.strictObject({
  limit: pageLimitSchema,
  before: z.string().refine(isArchiveName, 'must be the name of an archive').optional(),
});

export const handler = apiHandler(async (event) => {
  const record = await clusterInPath(registry, event);
  const query = parseQuery(event, querySchema);
  return { status: 200, body: await listPage(stores(record.name), record, query, new Date()) };
});
