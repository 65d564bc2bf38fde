/** Closes the cluster's rules: its requests go to the wake function from here on. Says whether one has been there already. */
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { closeRules } from '../common/aws/stop.ts';
import { operationSchema } from '../common/cluster/operation.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { reachPoint } from '../common/registry/nap.ts';
import { getOwned } from '../common/registry/registry.ts';

const elb = new ElasticLoadBalancingV2Client({});
const registry = connectRegistry();

export const handler = stepHandler(operationSchema, async (operation) => {
  const record = await getOwned(registry, operation, ['falling-asleep']);
  // First: who finds a rule closed must find that it can be opened again.
  const outcome = await reachPoint(registry, operation, { point: 'diverted' }, true);
  if (outcome === 'reached') await closeRules(elb, record);
  return { outcome };
});
