import { ArchiveError } from '../common/archive/manifest.ts';
import { logReaches } from '../common/archive/reach.ts';
import { showArchive } from '../common/archive/read.ts';
import { apiHandler } from '../common/http/api.ts';
import { archiveView } from '../common/http/archive-view.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { archiveInPath, archiveNotFound, clusterInPath } from '../common/http/path.ts';
import { Problem } from '../common/http/problem.ts';
import { archiveStores } from '../common/keeping/connect.ts';
import { connectRegistry } from '../common/registry/connect.ts';

const registry = connectRegistry(API_CLIENT);
const stores = archiveStores(API_CLIENT);

export const handler = apiHandler(async (event) => {
  const { name: cluster, restoration } = await clusterInPath(registry, event);
  const name = archiveInPath(cluster, event);
  const now = new Date();
  const store = stores(cluster);
  try {
    const archive = await showArchive(store, name, { cluster, now });
    const reach = await logReaches(store)(archive.manifest);
    return { status: 200, body: archiveView(archive, reach, { undo: restoration?.undo, now }) };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    if (error.problem === 'missing') throw archiveNotFound(cluster, name);
    throw new Problem('archive_unusable', error.message, [], { cause: error });
  }
});
