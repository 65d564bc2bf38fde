/**
 * What the minutely watch over a cluster's quorum remembers (common/quorum/vigil.ts), in the cluster's partition. There is no
 * item while all is well, so that a healthy cluster costs no write.
 *
 * The last writer wins: two calls of the watch may overlap, and the worst that comes of it is a request too many, which finds
 * nothing left to do.
 */
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { vigilMemorySchema, type VigilMemory } from '../quorum/vigil.ts';
import type { PartitionItems, RegistryTable } from './registry.ts';

const SORT_KEY = 'vigil';
/** A cluster that fell asleep in trouble leaves nothing behind for ever. */
const KEPT_SECONDS = 86_400;

/** What cannot be read is as good as forgotten: it only says how often somebody was asked already. */
export function vigilMemoryIn(items: PartitionItems): VigilMemory | undefined {
  return vigilMemorySchema.safeParse(items.get(SORT_KEY)?.['value']).data;
}

/** Writes only what has changed. */
export async function keepVigilMemory(
  { client, table }: RegistryTable,
  cluster: string,
  before: VigilMemory | undefined,
  memory: VigilMemory | undefined,
  now: Date,
): Promise<void> {
  if (JSON.stringify(before) === JSON.stringify(memory)) return;
  const key = { pk: cluster, sk: SORT_KEY };
  await (memory === undefined
    ? client.send(new DeleteCommand({ TableName: table, Key: key }))
    : client.send(
        new PutCommand({
          TableName: table,
          Item: { ...key, value: memory, expiresAt: Math.floor(now.getTime() / 1_000) + KEPT_SECONDS },
        }),
      ));
}
