/**
 * One condition of a cluster by itself: for those who watch over a part of it beside whatever operation owns it. The other
 * conditions may be changed by others at the same moment.
 */
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Condition } from '../cluster/conditions.ts';
import type { Phase } from '../cluster/phases.ts';
import { hasName } from '../lambda/errors.ts';
import type { RegistryTable } from './registry.ts';

/** False when the cluster is not in this phase (any more): then somebody else speaks for it. */
export async function putCondition(
  { client, table }: RegistryTable,
  cluster: string,
  phase: Phase,
  condition: Condition,
): Promise<boolean> {
  try {
    await client.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: cluster, sk: 'record' },
        UpdateExpression: 'SET #value.conditions.#type = :condition',
        ConditionExpression: '#value.#phase = :phase',
        ExpressionAttributeNames: { '#value': 'value', '#phase': 'phase', '#type': condition.type },
        ExpressionAttributeValues: { ':phase': phase, ':condition': condition },
      }),
    );
    return true;
  } catch (error) {
    if (hasName(error, 'ConditionalCheckFailedException')) return false;
    throw error;
  }
}
