/**
 * The edge of falling asleep: a request that arrives then is noted in the record, and whoever puts the cluster to sleep
 * looks at the note between its steps. A wake that ended without ever having begun is passed over here too.
 */
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isResting, type Phase } from '../cluster/phases.ts';
import type { Ownership, WakeWanted } from '../cluster/record.ts';
import { RECORD_KEY, isAccepted } from './conditional.ts';
import type { RegistryTable } from './registry.ts';

const names = { '#value': 'value', '#phase': 'phase' };

/** False when there is a note already, or nothing to note: the cluster no longer falls asleep in this generation. */
export function noteWakeWanted(
  { client, table }: RegistryTable,
  { cluster, generation }: Ownership,
  wanted: WakeWanted,
): Promise<boolean> {
  return isAccepted(
    client.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: cluster, sk: RECORD_KEY },
        UpdateExpression: 'SET #value.wakeWanted = :wanted',
        ConditionExpression:
          '#value.#phase = :phase AND #value.generation = :generation AND attribute_not_exists(#value.wakeWanted)',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':phase': 'falling-asleep', ':generation': generation, ':wanted': wanted },
      }),
    ),
  );
}

/**
 * Step Functions keeps the name of an execution for 90 days. One that ended before it took the cluster over would stand in
 * the way of every later wake (or sleep), so the cluster goes on to the next generation, whose name is free. With a wake that was
 * begun for a wish and never owned the cluster the wish has had its turn: whoever still wants it asks again. False when the
 * cluster is not in `phase` and `generation` any more: then somebody has moved it on already.
 */
export function skipGeneration(
  { client, table }: RegistryTable,
  { cluster, generation }: Ownership,
  phase: Phase = 'asleep',
): Promise<boolean> {
  return isAccepted(
    client.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: cluster, sk: RECORD_KEY },
        UpdateExpression: `SET #value.generation = :next${isResting(phase) ? ' REMOVE #value.wakeWanted' : ''}`,
        ConditionExpression: '#value.#phase = :phase AND #value.generation = :generation',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':phase': phase, ':generation': generation, ':next': generation + 1 },
      }),
    ),
  );
}
