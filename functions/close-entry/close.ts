/**
 * First step of a clean-up: from here on no step of the failed operation builds anything up. Then takes the cluster out
 * of the load balancer: rules first, then the target groups that nothing uses any more.
 */
import {
  DeleteRuleCommand,
  DeleteTargetGroupCommand,
  DescribeTargetGroupsCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { targetGroupName, type EntryProtocol } from '../common/cluster/names.ts';
import type { Ownership } from '../common/cluster/record.ts';
import { hasName } from '../common/lambda/errors.ts';
import { getOwned, updateCluster, type RegistryTable } from '../common/registry/registry.ts';

export interface CloseDeps {
  readonly registry: RegistryTable;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly stage: string;
}

export async function closeEntry({ registry, elb, stage }: CloseDeps, operation: Ownership): Promise<{ closed: true }> {
  await updateCluster(registry, operation, ['creating'], { retreating: true }, [], 'retreat');
  const { entry, name } = await getOwned(registry, operation, ['creating'], 'retreat');
  for (const { ruleArn } of entry?.rules ?? []) {
    await ignoring(elb.send(new DeleteRuleCommand({ RuleArn: ruleArn })), 'RuleNotFoundException');
  }
  // By name and not from the record: a step that died may have made a group that it could not record.
  for (const protocol of ['grpc', 'rest'] satisfies EntryProtocol[]) {
    const arn = await findTargetGroup(elb, targetGroupName(stage, name, protocol));
    if (arn !== undefined) await elb.send(new DeleteTargetGroupCommand({ TargetGroupArn: arn }));
  }
  return { closed: true };
}

async function findTargetGroup(elb: ElasticLoadBalancingV2Client, name: string): Promise<string | undefined> {
  try {
    const { TargetGroups = [] } = await elb.send(new DescribeTargetGroupsCommand({ Names: [name] }));
    return TargetGroups[0]?.TargetGroupArn;
  } catch (error) {
    if (hasName(error, 'TargetGroupNotFoundException')) return undefined;
    throw error;
  }
}

async function ignoring(call: Promise<unknown>, name: string): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!hasName(error, name)) throw error;
  }
}
