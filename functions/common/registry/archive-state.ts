/**
 * Where the archives of a cluster stand: the newest verified one, and up to where the change log goes on from it. Kept in
 * the cluster's partition, so that the minutely shipping needs neither a listing of the bucket nor any of its manifests.
 * It is a note, not the truth: what S3 holds decides what can be restored, and an older note makes the log say a few
 * changes twice, which is harmless.
 */
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { PartitionItems, RegistryTable } from './registry.ts';

const SORT_KEY = 'archive';

const archiveStateSchema = z.object({
  archive: z.object({
    name: z.string(),
    /** ISO 8601 */
    createdAt: z.string(),
    revision: z.int(),
    keys: z.int(),
    /** ISO 8601 */
    verifiedAt: z.string(),
  }),
  /** Null when the archive was read from a survivor that did not know its history: no log can follow it. */
  point: z.object({ history: z.string(), revision: z.int(), sha256: z.string().nullable() }).nullable(),
  /** ISO 8601: everything that was acknowledged before is in S3. */
  asOf: z.string(),
});

export type ArchiveState = z.infer<typeof archiveStateSchema>;

/** From a partition that has been read already. */
export function archiveStateIn(items: PartitionItems): ArchiveState | undefined {
  const item = items.get(SORT_KEY);
  return item === undefined ? undefined : archiveStateSchema.parse(item['value']);
}

/** Undefined before the first archive. */
export async function getArchiveState(
  { client, table }: RegistryTable,
  cluster: string,
): Promise<ArchiveState | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName: table, Key: { pk: cluster, sk: SORT_KEY }, ConsistentRead: true }),
  );
  return Item === undefined ? undefined : archiveStateSchema.parse(Item['value']);
}

export async function putArchiveState(
  { client, table }: RegistryTable,
  cluster: string,
  value: ArchiveState,
): Promise<void> {
  await client.send(new PutCommand({ TableName: table, Item: { pk: cluster, sk: SORT_KEY, value } }));
}
