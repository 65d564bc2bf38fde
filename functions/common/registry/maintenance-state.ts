/**
 * What was done for a quorum and when, so that the next look does not do it again at once. In the cluster's partition;
 * written only by whoever has the metadata lock. A note, not the truth: lost, a step is done once more, which is harmless.
 */
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { PartitionItems, RegistryTable } from './registry.ts';

const SORT_KEY = 'maintenance';

const maintenanceStateSchema = z.object({
  /** Of which history, up to which revision. */
  compacted: z
    .object({
      history: z.string(),
      revision: z.int(),
      /** ISO 8601 */
      at: z.string(),
    })
    .nullable()
    .default(null),
  /** ISO 8601, by member id. */
  defragmented: z.record(z.string(), z.string()).default({}),
  /** How the last execution ended; the name of an error, or `done`. */
  ended: z.object({ outcome: z.string(), at: z.string() }).nullable().default(null),
});

export type MaintenanceState = z.infer<typeof maintenanceStateSchema>;

export const NOTHING_DONE: MaintenanceState = { compacted: null, defragmented: {}, ended: null };

/** From a partition that has been read already. */
export function maintenanceStateIn(items: PartitionItems): MaintenanceState {
  const item = items.get(SORT_KEY);
  return item === undefined ? NOTHING_DONE : maintenanceStateSchema.parse(item['value']);
}

export async function getMaintenanceState(
  { client, table }: RegistryTable,
  cluster: string,
): Promise<MaintenanceState> {
  const { Item } = await client.send(
    new GetCommand({ TableName: table, Key: { pk: cluster, sk: SORT_KEY }, ConsistentRead: true }),
  );
  return Item === undefined ? NOTHING_DONE : maintenanceStateSchema.parse(Item['value']);
}

export async function putMaintenanceState(
  { client, table }: RegistryTable,
  cluster: string,
  value: MaintenanceState,
): Promise<void> {
  await client.send(new PutCommand({ TableName: table, Item: { pk: cluster, sk: SORT_KEY, value } }));
}
