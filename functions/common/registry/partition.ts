/** All items of one partition of the registry, page by page. */
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { RegistryTable } from './registry.ts';

export async function readPartition(
  { client, table }: RegistryTable,
  pk: string,
  { consistent }: { readonly consistent: boolean },
): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk },
        ...(consistent ? { ConsistentRead: true } : {}),
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}
