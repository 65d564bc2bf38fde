/** Gives the cluster's rules the conditions that clients' requests meet. The targets are healthy: nobody meets a half-ready cluster. */
import { ElasticLoadBalancingV2Client, ModifyRuleCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { hostConditions } from '../common/aws/entry.ts';
import { operationSchema } from '../common/cluster/operation.ts';
import { BUILDING } from '../common/cluster/phases.ts';
import { clusterHosts } from '../common/http/cluster-view.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { getOwned } from '../common/registry/registry.ts';

const elb = new ElasticLoadBalancingV2Client({});
const registry = connectRegistry();

export const handler = stepHandler(operationSchema, async (operation) => {
  const record = await getOwned(registry, operation, BUILDING);
  const hosts = clusterHosts(record);
  for (const { ruleArn, protocol } of record.entry?.rules ?? []) {
    await elb.send(new ModifyRuleCommand({ RuleArn: ruleArn, Conditions: hostConditions(hosts, protocol) }));
  }
  return { hosts };
});
