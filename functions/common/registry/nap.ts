/** The points of a sleep, in the record of its cluster: each step says where it is, and is told whether a wake is wanted meanwhile. */
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { NapArchive, NapPoint, Ownership } from '../cluster/record.ts';
import { RedkiteError } from '../lambda/errors.ts';
import { RECORD_KEY, isAccepted } from './conditional.ts';
import { getOwned, type RegistryTable } from './registry.ts';

export interface PointChanges {
  readonly point: NapPoint;
  readonly archive?: NapArchive;
  readonly unarchived?: boolean;
}

/**
 * Writes that the sleep has come to `point`. With `unlessWakeWanted` nothing is written when somebody wants the cluster
 * awake: the note and the point are one item, so no request can slip in between. Throws OwnershipLost.
 */
export async function reachPoint(
  registry: RegistryTable,
  operation: Ownership,
  { point, archive, unarchived }: PointChanges,
  unlessWakeWanted = false,
): Promise<'reached' | 'wake-wanted'> {
  const changes = Object.entries({ point, archive, unarchived }).filter(([, value]) => value !== undefined);
  const reached = await isAccepted(
    registry.client.send(
      new UpdateCommand({
        TableName: registry.table,
        Key: { pk: operation.cluster, sk: RECORD_KEY },
        UpdateExpression: `SET ${changes.map(([name]) => `#value.nap.#${name} = :${name}`).join(', ')}`,
        ConditionExpression: [
          '#value.generation = :generation AND #value.#phase = :phase',
          ...(unlessWakeWanted ? ['attribute_not_exists(#value.wakeWanted)'] : []),
        ].join(' AND '),
        ExpressionAttributeNames: {
          '#value': 'value',
          '#phase': 'phase',
          ...Object.fromEntries(changes.map(([name]) => [`#${name}`, name])),
        },
        ExpressionAttributeValues: {
          ...Object.fromEntries(changes.map(([name, value]) => [`:${name}`, value])),
          ':generation': operation.generation,
          ':phase': 'falling-asleep',
        },
      }),
    ),
  );
  if (reached) return 'reached';
  const { wakeWanted } = await getOwned(registry, operation, ['falling-asleep']);
  if (unlessWakeWanted && wakeWanted !== undefined) return 'wake-wanted';
  throw new RedkiteError('OwnershipLost', `Operation ${operation.generation} of cluster ${operation.cluster} is over.`);
}
