/**
 * The lock on a cluster's metadata: one execution at a time changes the members of a quorum. It lies in the cluster's
 * partition of the registry.
 *
 * Whoever finds it held leaves a note (`again`) and goes: the owner may not let go before it has looked once more, so
 * nothing that happens while it works is forgotten. An owner that died is taken over when its time is over, or as soon as
 * settle-execution hears of its end.
 */
import { DeleteCommand, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { RedkiteError } from '../lambda/errors.ts';
import { isAccepted } from './conditional.ts';
import type { PartitionItems, RegistryTable } from './registry.ts';

const LOCK = 'lock#metadata';
/** Longer than any state of the machine may take between two renewals. */
const LOCK_SECONDS = 300;
/** The lock can change hands between our two writes; more often than this something else is wrong. */
const ATTEMPTS = 5;

export interface MetadataLock {
  readonly owner: string;
  /** Ordinals of members that are being put in place: not yet to be found under the metadata name. */
  readonly joining: readonly number[];
}

const key = (cluster: string) => ({ pk: cluster, sk: LOCK });
const names = { '#owner': 'owner' };

export async function readLock({ client, table }: RegistryTable, cluster: string): Promise<MetadataLock | undefined> {
  const { Item } = await client.send(new GetCommand({ TableName: table, Key: key(cluster), ConsistentRead: true }));
  return Item === undefined ? undefined : lockOf(Item);
}

const lockOf = (item: Readonly<Record<string, unknown>>): MetadataLock => ({
  owner: String(item['owner']),
  joining: (item['joining'] as number[] | undefined) ?? [],
});

/** From a partition that has been read already; its time may be over. */
export function lockIn(items: PartitionItems): MetadataLock | undefined {
  const item = items.get(LOCK);
  return item === undefined ? undefined : lockOf(item);
}

/** Who has the lock, from a partition that has been read already; undefined when its time is over. */
export function lockOwnerIn(items: PartitionItems, now: Date): string | undefined {
  const item = items.get(LOCK);
  return item === undefined || Number(item['expiresAt']) * 1_000 <= now.getTime() ? undefined : String(item['owner']);
}

/** Takes the lock, or keeps it for longer. `theirs`: somebody else has it and will look again on our behalf. */
export async function takeLock(
  { client, table }: RegistryTable,
  cluster: string,
  owner: string,
  now: Date,
): Promise<'ours' | 'theirs'> {
  const seconds = Math.floor(now.getTime() / 1_000);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const taken = await isAccepted(
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: key(cluster),
          UpdateExpression: 'SET #owner = :me, expiresAt = :until',
          ConditionExpression: 'attribute_not_exists(pk) OR #owner = :me OR expiresAt < :now',
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: { ':me': owner, ':until': seconds + LOCK_SECONDS, ':now': seconds },
        }),
      ),
    );
    if (taken) return 'ours';
    const noted = await isAccepted(
      client.send(
        new UpdateCommand({
          TableName: table,
          Key: key(cluster),
          UpdateExpression: 'SET again = :true',
          ConditionExpression: 'attribute_exists(pk) AND #owner <> :me',
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: { ':me': owner, ':true': true },
        }),
      ),
    );
    if (noted) return 'theirs';
  }
  throw new Error(`The metadata lock of cluster ${cluster} changed hands ${ATTEMPTS} times while it was asked for.`);
}

/** False when somebody left a note meanwhile: the owner keeps the lock and looks once more. */
export async function releaseLock({ client, table }: RegistryTable, cluster: string, owner: string): Promise<boolean> {
  const released = await isAccepted(
    client.send(
      new DeleteCommand({
        TableName: table,
        Key: key(cluster),
        ConditionExpression: '#owner = :me AND attribute_not_exists(again)',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':me': owner },
      }),
    ),
  );
  if (released) return true;
  const kept = await isAccepted(
    client.send(
      new UpdateCommand({
        TableName: table,
        Key: key(cluster),
        UpdateExpression: 'REMOVE again',
        ConditionExpression: '#owner = :me',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':me': owner },
      }),
    ),
  );
  // Neither: it is not ours any more, and its new owner looks anyway.
  return !kept;
}

/** Lets go whatever was noted: for an owner that gives up. False when it does not have the lock. */
export function dropLock({ client, table }: RegistryTable, cluster: string, owner: string): Promise<boolean> {
  return isAccepted(
    client.send(
      new DeleteCommand({
        TableName: table,
        Key: key(cluster),
        ConditionExpression: '#owner = :me',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':me': owner },
      }),
    ),
  );
}

/** Throws OwnershipLost when the lock is not the owner's: somebody else works on the members now. */
export async function setJoining(
  { client, table }: RegistryTable,
  cluster: string,
  owner: string,
  joining: readonly number[],
): Promise<void> {
  const done = await isAccepted(
    client.send(
      new UpdateCommand({
        TableName: table,
        Key: key(cluster),
        UpdateExpression: 'SET joining = :joining',
        ConditionExpression: '#owner = :me',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':me': owner, ':joining': joining },
      }),
    ),
  );
  if (!done) {
    throw new RedkiteError('OwnershipLost', `${owner} does not have the metadata lock of cluster ${cluster} any more.`);
  }
}
