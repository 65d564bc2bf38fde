import { apiHandler, parseBody } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { clusterView } from '../common/http/cluster-view.ts';
import { idlePolicySchema } from '../common/idle/policy.ts';
import { idleView } from '../common/idle/view.ts';
import { getActivityState } from '../common/registry/activity-state.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { setIdlePolicy } from './set.ts';

const registry = connectRegistry(API_CLIENT);

export const handler = apiHandler(async (event) => {
  const name = event.pathParameters?.['name'] ?? '';
  const policy = parseBody(event, idlePolicySchema);
  const record = await setIdlePolicy(registry, name, policy);
  const state = await getActivityState(registry, name);
  return { status: 200, body: clusterView(record, idleView(record, state, new Date())) };
});
