/**
 * How many requests are held for one cluster right now: functions know nothing of each other, and Lambda bounds all clusters
 * together only. A request that is to wait takes a place and gives it back: a read and two writes of one unit each. One that finds no
 * place has read only, so however many come, they take no writes from those who have one. In a partition of its own, because the
 * cluster's is written by its operations.
 *
 * A function that was killed gives nothing back. So when nobody has taken a place for longer than a function lives, the count
 * begins anew: until then the cluster has one place less, and where none is left that is when it has all of them again.
 */
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { isAccepted } from './conditional.ts';
import type { RegistryTable } from './registry.ts';

const countSchema = z.object({ held: z.int(), takenAt: z.int() });

/** Longer than a held request's function may run (its timeout is 240 s): whoever took a place before is gone. */
export const PLACE_SECONDS = 300;
/** The item is of no use any more after that. */
const KEPT_SECONDS = 86_400;

const key = (cluster: string) => ({ pk: `held#${cluster}`, sk: 'held' });

/** False when so many are held already. */
export async function takePlace(
  { client, table }: RegistryTable,
  cluster: string,
  most: number,
  nowMs: number,
): Promise<boolean> {
  const now = Math.floor(nowMs / 1_000);
  const gone = now - PLACE_SECONDS;
  const write = (count: string, condition: string, values: Record<string, number>) =>
    isAccepted(
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: key(cluster),
          UpdateExpression: `SET held = ${count}, takenAt = :now, expiresAt = :expires`,
          ConditionExpression: condition,
          ExpressionAttributeValues: {
            ...{ ':one': 1, ':now': now, ':gone': gone, ':expires': now + KEPT_SECONDS },
            ...values,
          },
        }),
      ),
    );
  const { Item } = await client.send(new GetCommand({ TableName: table, Key: key(cluster) }));
  const { data } = countSchema.safeParse(Item);
  const counts = data !== undefined && data.takenAt >= gone;
  if (counts && data.held >= most) return false;
  // Of many that come at once and find no count, one begins it, and the others are added to that.
  if (!counts && (await write(':one', 'attribute_not_exists(takenAt) OR takenAt < :gone', {}))) return true;
  return write('held + :one', 'takenAt >= :gone AND held < :most', { ':most': most });
}

/** Of a request that has taken one. */
export async function givePlaceBack({ client, table }: RegistryTable, cluster: string): Promise<void> {
  await isAccepted(
    client.send(
      new UpdateCommand({
        TableName: table,
        Key: key(cluster),
        UpdateExpression: 'SET held = held - :one',
        ConditionExpression: 'held > :none',
        ExpressionAttributeValues: { ':one': 1, ':none': 0 },
      }),
    ),
  );
}
