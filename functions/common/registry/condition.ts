/**
 * One condition of a cluster by itself: for those who watch over a part of it beside whatever operation owns it. The other
 * conditions may be changed by others at the same moment.
 */
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Condition } from '../cluster/conditions.ts';
import type { Phase } from '../cluster/phases.ts';
import type { ClusterRecord } from '../cluster/record.ts';
import { RECORD_KEY, isAccepted } from './conditional.ts';
import type { RegistryTable } from './registry.ts';

/** False when the cluster is not in this phase (any more): then somebody else speaks for it. */
export function putCondition(
  { client, table }: RegistryTable,
  cluster: string,
  phase: Phase,
  condition: Condition,
): Promise<boolean> {
  return isAccepted(
    client.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: cluster, sk: RECORD_KEY },
        UpdateExpression: 'SET #value.conditions.#type = :condition',
        ConditionExpression: '#value.#phase = :phase',
        ExpressionAttributeNames: { '#value': 'value', '#phase': 'phase', '#type': condition.type },
        ExpressionAttributeValues: { ':phase': phase, ':condition': condition },
      }),
    ),
  );
}

/** While a quorum is made whole, for the people who look at the cluster meanwhile; written once for each reason. */
export async function tellDegraded(
  registry: RegistryTable,
  { name, phase, conditions }: ClusterRecord,
  message: string,
  now: Date,
): Promise<void> {
  const { MetadataReady: before } = conditions;
  if (phase !== 'awake' || (before.status === 'False' && before.message === message)) return;
  const observedAt = now.toISOString();
  await putCondition(registry, name, phase, {
    ...{ type: 'MetadataReady', status: 'False', reason: 'QuorumDegraded', message, observedAt },
  });
}
