import { apiHandler } from '../common/http/api.ts';
import { clusterView } from '../common/http/cluster-view.ts';
import { Problem } from '../common/http/problem.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { getCluster } from '../common/registry/registry.ts';

const registry = connectRegistry();

export const handler = apiHandler(async (event) => {
  const name = event.pathParameters?.['name'] ?? '';
  const record = name === '' ? undefined : await getCluster(registry, name);
  if (record === undefined) {
    throw new Problem('cluster_not_found', `There is no cluster ${name}.`, [
      { field: 'name', message: 'is not the name of a cluster' },
    ]);
  }
  return { status: 200, body: clusterView(record) };
});
