/**
 * The task definitions that ECS has of a cluster, by role: what each was made of, and its ARN. So an operation that asks for the
 * same again registers none: ECS takes one a second for a whole account, and a wake has seven of roles. In a partition of
 * their own, because the cluster's is read every minute. Notes, not the truth: lost, a definition is registered once more.
 */
import { createHash } from 'node:crypto';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { RoleName } from '../releases/profiles.ts';
import type { RegistryTable } from './registry.ts';

const keptSchema = z.object({ digest: z.string(), arn: z.string() });

/** A year without a wake, and it is registered anew. */
const KEPT_SECONDS = 365 * 24 * 3_600;
const key = (cluster: string, role: RoleName) => ({ pk: `definitions#${cluster}`, sk: role });

/** Of everything that ECS is asked to register. */
export const digestOf = (definition: object): string =>
  createHash('sha256').update(JSON.stringify(definition)).digest('hex');

/** ARN of the role's definition that was made of the same; undefined where none is known. */
export async function keptDefinition(
  { client, table }: RegistryTable,
  cluster: string,
  role: RoleName,
  digest: string,
): Promise<string | undefined> {
  const { Item } = await client.send(new GetCommand({ TableName: table, Key: key(cluster, role) }));
  const { data } = keptSchema.safeParse(Item?.['value']);
  return data?.digest === digest ? data.arn : undefined;
}

export async function keepDefinition(
  { client, table }: RegistryTable,
  cluster: string,
  role: RoleName,
  kept: z.infer<typeof keptSchema>,
  now: Date,
): Promise<void> {
  const expiresAt = Math.floor(now.getTime() / 1_000) + KEPT_SECONDS;
  await client.send(new PutCommand({ TableName: table, Item: { ...key(cluster, role), value: kept, expiresAt } }));
}
