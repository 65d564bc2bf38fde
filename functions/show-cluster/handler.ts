import { apiHandler } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { clusterView } from '../common/http/cluster-view.ts';
import { clusterNotFound } from '../common/http/problem.ts';
import { idleView } from '../common/idle/view.ts';
import { getActivityState } from '../common/registry/activity-state.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { getCluster } from '../common/registry/registry.ts';

const registry = connectRegistry(API_CLIENT);

export const handler = apiHandler(async (event) => {
  const name = event.pathParameters?.['name'] ?? '';
  const record = name === '' ? undefined : await getCluster(registry, name);
  if (record === undefined) throw clusterNotFound(name);
  const state = record.phase === 'awake' ? await getActivityState(registry, name) : undefined;
  return { status: 200, body: clusterView(record, idleView(record, state, new Date())) };
});
