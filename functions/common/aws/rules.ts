/**
 * The rules of a cluster are made what its record wishes. A load balancer takes no conditional writes, so a call that comes late
 * would undo what was done since: by an operation that has taken over, or by the same one, which has turned round. Hence the wish
 * is written first, under the condition that the operation may (registry/rules-wish.ts), and whoever changed the rules looks at
 * it again: the last one who changes them has then seen the last wish.
 */
import { ModifyRuleCommand, type ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ClusterRecord, RulesWish } from '../cluster/record.ts';
import { clusterHosts } from '../http/cluster-view.ts';
import { hasName } from '../lambda/errors.ts';
import { getCluster, type RegistryTable } from '../registry/registry.ts';
import { closedConditions, hostConditions } from './entry.ts';

export interface RulesDeps {
  readonly registry: RegistryTable;
  readonly elb: ElasticLoadBalancingV2Client;
}

/** Operations follow each other in seconds: a wish that changes more often than this while rules are changed is a mistake of ours. */
const ATTEMPTS = 5;

/** The record as it was at the last look, after the last change: whoever changed the rules need not look once more. */
export async function applyRules({ registry, elb }: RulesDeps, cluster: string): Promise<ClusterRecord | undefined> {
  let record = await getCluster(registry, cluster);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (record?.rulesWish === undefined) return record;
    const { rulesWish } = record;
    await changeRules(elb, record, rulesWish);
    record = await getCluster(registry, cluster);
    if (record?.rulesWish?.state === rulesWish.state) return record;
  }
  throw new Error(
    `Others opened or closed the rules of cluster ${cluster} each of the ${ATTEMPTS} times that this operation changed them. ` +
      'See which executions of the cluster run, stop those that do not own it, and start the operation again.',
  );
}

/** Closed: requests fall through to the default action of the listener; the health of targets is still checked. */
async function changeRules(
  elb: ElasticLoadBalancingV2Client,
  record: ClusterRecord,
  { state }: RulesWish,
): Promise<void> {
  const hosts = clusterHosts(record);
  await Promise.all(
    (record.entry?.rules ?? []).map(async ({ ruleArn, protocol }) => {
      const conditions = state === 'open' ? hostConditions(hosts, protocol) : closedConditions(record.name);
      try {
        await elb.send(new ModifyRuleCommand({ RuleArn: ruleArn, Conditions: conditions }));
      } catch (error) {
        // A rule that is not there lets nobody in.
        if (state === 'open' || !hasName(error, 'RuleNotFoundException')) throw error;
      }
    }),
  );
}
