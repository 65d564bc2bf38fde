/**
 * What idle detection remembers of a cluster, in the cluster's partition. Written only when it changes: a cluster that
 * nobody asks anything costs no write.
 */
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { activityStateSchema, type ActivityState } from '../idle/state.ts';
import { isAccepted } from './conditional.ts';
import type { PartitionItems, RegistryTable } from './registry.ts';

const SORT_KEY = 'activity';

/** From a partition that has been read already. What cannot be read is forgotten: the next look is then the first. */
export function activityStateIn(items: PartitionItems): ActivityState | undefined {
  return activityStateSchema.safeParse(items.get(SORT_KEY)?.['value']).data;
}

/** Undefined before the first look. */
export async function getActivityState(
  { client, table }: RegistryTable,
  cluster: string,
): Promise<ActivityState | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName: table, Key: { pk: cluster, sk: SORT_KEY }, ConsistentRead: true }),
  );
  return activityStateSchema.safeParse(Item?.['value']).data;
}

/** False when somebody else has written since `previous` was read: what they saw counts. */
export function putActivityState(
  { client, table }: RegistryTable,
  cluster: string,
  value: ActivityState,
  previous: ActivityState | undefined,
): Promise<boolean> {
  return isAccepted(
    client.send(
      new PutCommand({
        TableName: table,
        Item: { pk: cluster, sk: SORT_KEY, value },
        // Of two who look for the first time at the same moment either may win.
        ...(previous === undefined
          ? {}
          : {
              ConditionExpression: '#value.revision = :revision',
              ExpressionAttributeNames: { '#value': 'value' },
              ExpressionAttributeValues: { ':revision': previous.revision },
            }),
      }),
    ),
  );
}
