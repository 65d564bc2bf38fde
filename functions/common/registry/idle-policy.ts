/** The one part of a cluster's spec that its owner changes while it runs. */
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { ClusterRecord } from '../cluster/record.ts';
import type { IdlePolicy } from '../idle/policy.ts';
import { RECORD_KEY, isAccepted } from './conditional.ts';
import type { RegistryTable } from './registry.ts';

/** False when the record is not of this generation (any more): an operation began, which may write the record anew. */
export function putIdlePolicy(
  { client, table }: RegistryTable,
  { name, generation }: Pick<ClusterRecord, 'name' | 'generation'>,
  policy: IdlePolicy,
): Promise<boolean> {
  return isAccepted(
    client.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: name, sk: RECORD_KEY },
        UpdateExpression: 'SET #value.spec.#idle = :policy',
        ConditionExpression: '#value.generation = :generation',
        ExpressionAttributeNames: { '#value': 'value', '#idle': 'idle' },
        ExpressionAttributeValues: { ':policy': policy, ':generation': generation },
      }),
    ),
  );
}
