import { z } from 'zod';
import { isArchiveName } from '../common/archive/manifest.ts';
import { apiHandler, parseQuery } from '../common/http/api.ts';
import { clusterInPath } from '../common/http/path.ts';
import { archiveStores } from '../common/keeping/connect.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { listPage } from './list.ts';

const registry = connectRegistry();
const stores = archiveStores();
const querySchema = z.strictObject({
  limit: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(100, 'must be at most 100')
    .default(50),
  before: z.string().refine(isArchiveName, 'must be the name of an archive').optional(),
});

export const handler = apiHandler(async (event) => {
  const record = await clusterInPath(registry, event);
  const query = parseQuery(event, querySchema);
  return { status: 200, body: await listPage(stores(record.name), record, query, new Date()) };
});
