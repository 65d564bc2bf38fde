/** Gives the cluster's rules the conditions that clients' requests meet. The targets are healthy: nobody meets a half-ready cluster. */
import { ElasticLoadBalancingV2Client, ModifyRuleCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { z } from 'zod';
import { hostConditions } from '../common/aws/entry.ts';
import { operationSchema } from '../common/cluster/operation.ts';
import { BUILDING, type Phase } from '../common/cluster/phases.ts';
import { clusterHosts } from '../common/http/cluster-view.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { getOwned, updateCluster } from '../common/registry/registry.ts';

/** A sleep that turns round lets clients in again. */
const OWNED: readonly Phase[] = [...BUILDING, 'falling-asleep'];
const elb = new ElasticLoadBalancingV2Client({});
const registry = connectRegistry();

/** `unloaded`: collections that are not loaded all the same, for the conditions of the cluster once it is awake. */
const inputSchema = operationSchema.extend({ unloaded: z.string().default('') });

export const handler = stepHandler(inputSchema, async ({ unloaded, ...operation }) => {
  // First: what a client may have written from here on must not be thrown away by whoever cleans up.
  await (unloaded === ''
    ? updateCluster(registry, operation, OWNED, { entryOpen: true }, ['unloaded'])
    : updateCluster(registry, operation, OWNED, { entryOpen: true, unloaded }));
  const record = await getOwned(registry, operation, OWNED);
  const hosts = clusterHosts(record);
  await Promise.all(
    (record.entry?.rules ?? []).map(({ ruleArn, protocol }) =>
      elb.send(new ModifyRuleCommand({ RuleArn: ruleArn, Conditions: hostConditions(hosts, protocol) })),
    ),
  );
  return { hosts };
});
