/**
 * The cluster registry: one DynamoDB table, one partition a cluster. A partition holds the cluster's record, what was
 * last seen of its tasks, and the barriers that executions wait at, so that one Query reads all that a decision needs.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Barrier } from '../cluster/barrier.ts';
import type { ClusterRecord, Ownership } from '../cluster/record.ts';
import type { Phase } from '../cluster/phases.ts';
import type { TaskObservation } from '../cluster/tasks.ts';
import { RedkiteError } from '../lambda/errors.ts';
import { RECORD_KEY, isAccepted } from './conditional.ts';
import { readPartition } from './partition.ts';

export interface RegistryTable {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
}

export interface ClusterState {
  readonly record: ClusterRecord | undefined;
  readonly tasks: readonly TaskObservation[];
  readonly barriers: readonly Barrier[];
  /** The whole partition by sort key. What else lies there is read by the module that keeps it (archive state, lock, ...). */
  readonly items: PartitionItems;
}

export type PartitionItems = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

export interface ClusterPage {
  readonly clusters: readonly ClusterRecord[];
  /** Name to continue after; absent on the last page. */
  readonly next?: string;
}

const LIST_INDEX = 'clusters';
const LIST_KEY = 'cluster';
const taskKey = (taskId: string) => `task#${taskId}`;
const barrierKey = (id: string) => `barrier#${id}`;
/** Stopped tasks stay for an hour: late events must find that something newer is known. */
const STOPPED_TASK_SECONDS = 3_600;
const BARRIER_SECONDS = 86_400;

function epochSeconds(now: Date): number {
  return Math.floor(now.getTime() / 1_000);
}

export async function getCluster({ client, table }: RegistryTable, name: string): Promise<ClusterRecord | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName: table, Key: { pk: name, sk: RECORD_KEY }, ConsistentRead: true }),
  );
  return Item === undefined ? undefined : (Item['value'] as ClusterRecord);
}

export async function listClusters(
  { client, table }: RegistryTable,
  { limit, after }: { limit: number; after?: string },
): Promise<ClusterPage> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: LIST_INDEX,
      KeyConditionExpression: '#kind = :kind',
      ExpressionAttributeNames: { '#kind': 'kind' },
      ExpressionAttributeValues: { ':kind': LIST_KEY },
      Limit: limit,
      ...(after === undefined ? {} : { ExclusiveStartKey: { kind: LIST_KEY, pk: after, sk: RECORD_KEY } }),
    }),
  );
  const next = LastEvaluatedKey?.['pk'] as string | undefined;
  return { clusters: Items.map((item) => item['value'] as ClusterRecord), ...(next === undefined ? {} : { next }) };
}

/** How many clusters there are, in whatever phase. */
export async function countClusters({ client, table }: RegistryTable): Promise<number> {
  let count = 0;
  let start: Record<string, unknown> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: LIST_INDEX,
        Select: 'COUNT',
        KeyConditionExpression: '#kind = :kind',
        ExpressionAttributeNames: { '#kind': 'kind' },
        ExpressionAttributeValues: { ':kind': LIST_KEY },
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    count += page.Count ?? 0;
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return count;
}

/** All of a cluster's partition, strongly consistent. */
export async function loadCluster(registry: RegistryTable, name: string): Promise<ClusterState> {
  const items = await readPartition(registry, name, { consistent: true });
  const valuesOf = (prefix: string) =>
    items.filter((item) => String(item['sk']).startsWith(prefix)).map((item) => item['value']);
  return {
    record: items.find((item) => item['sk'] === RECORD_KEY)?.['value'] as ClusterRecord | undefined,
    tasks: valuesOf('task#') as TaskObservation[],
    barriers: valuesOf('barrier#') as Barrier[],
    items: new Map(items.map((item) => [String(item['sk']), item])),
  };
}

/** Writes a record that is new, or takes the place of `replaces`. False when somebody else was faster. */
export async function putCluster(
  { client, table }: RegistryTable,
  record: ClusterRecord,
  replaces?: ClusterRecord,
): Promise<boolean> {
  return isAccepted(
    client.send(
      new PutCommand({
        TableName: table,
        Item: { pk: record.name, sk: RECORD_KEY, kind: LIST_KEY, value: record },
        ...(replaces === undefined
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: '#value.#phase = :phase AND #value.generation = :generation',
              ExpressionAttributeNames: { '#value': 'value', '#phase': 'phase' },
              ExpressionAttributeValues: { ':phase': replaces.phase, ':generation': replaces.generation },
            }),
      }),
    ),
  );
}

/** A step builds up (`forward`), or takes down for a failed operation (`retreat`). The two must not mix. */
export type Direction = 'forward' | 'retreat';

type RemovableField =
  | 'owner'
  | 'failure'
  | 'entry'
  | 'discovery'
  | 'retreating'
  | 'wakeWanted'
  | 'nap'
  | 'turnedRound'
  | 'entryOpen'
  | 'unloaded';

type RecordChanges = Partial<Omit<ClusterRecord, 'name' | 'generation'>>;

/**
 * Changes fields of a record for the operation that owns it. Throws OwnershipLost when the operation does not own the
 * cluster (any more), or when the phase is not one of `from`.
 */
export async function updateCluster(
  registry: RegistryTable,
  { cluster, generation }: Ownership,
  from: readonly Phase[],
  changes: RecordChanges,
  remove: readonly RemovableField[] = [],
  direction: Direction = 'forward',
): Promise<void> {
  if (!(await changeFields(registry, { cluster, generation, from, changes, remove, direction }))) {
    throw new RedkiteError(
      'OwnershipLost',
      `Operation ${generation} of cluster ${cluster} does not own it in phase ${from.join(' or ')}.`,
    );
  }
}

/** What an operation changes when it takes a cluster; what others change at the same moment stays. */
export interface Taking {
  readonly changes: RecordChanges & { readonly generation: number; readonly owner: string };
  readonly remove: readonly RemovableField[];
}

/** Takes a cluster from the phase and generation in which it was read. False when somebody else was faster. */
export async function takeCluster(
  registry: RegistryTable,
  { name, generation, phase }: ClusterRecord,
  { changes, remove }: Taking,
): Promise<boolean> {
  const change = { cluster: name, generation, from: [phase], changes, remove, direction: 'retreat' } as const;
  if (await changeFields(registry, change)) return true;
  // A write whose answer got lost is sent again by the client, and then finds itself in its way.
  const present = await getCluster(registry, name);
  return present?.generation === changes.generation && present.owner === changes.owner;
}

interface FieldChange {
  readonly cluster: string;
  readonly generation: number;
  readonly from: readonly Phase[];
  readonly changes: RecordChanges & { readonly generation?: number };
  readonly remove: readonly RemovableField[];
  readonly direction: Direction;
}

function changeFields(
  { client, table }: RegistryTable,
  { cluster, generation, from, changes, remove, direction }: FieldChange,
): Promise<boolean> {
  const fields = Object.entries(changes);
  const names = Object.fromEntries([...fields.map(([name]) => name), ...remove].map((name) => [`#${name}`, name]));
  const sets = fields.map(([name]) => `#value.#${name} = :${name}`);
  const removes = remove.map((name) => `#value.#${name}`);
  return isAccepted(
    client.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: cluster, sk: RECORD_KEY },
        UpdateExpression: [
          ...(sets.length > 0 ? [`SET ${sets.join(', ')}`] : []),
          ...(removes.length > 0 ? [`REMOVE ${removes.join(', ')}`] : []),
        ].join(' '),
        ConditionExpression: [
          '#value.#generation = :from',
          `#value.#phase IN (${from.map((_, index) => `:from${index}`).join(', ')})`,
          ...(direction === 'forward' ? ['attribute_not_exists(#value.#retreating)'] : []),
        ].join(' AND '),
        ExpressionAttributeNames: {
          ...names,
          '#value': 'value',
          '#phase': 'phase',
          '#generation': 'generation',
          ...(direction === 'forward' ? { '#retreating': 'retreating' } : {}),
        },
        ExpressionAttributeValues: {
          ...Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])),
          ...Object.fromEntries(from.map((phase, index) => [`:from${index}`, phase])),
          ':from': generation,
        },
      }),
    ),
  );
}

/** Reads the record for an operation and makes sure that the operation still owns it. */
export async function getOwned(
  registry: RegistryTable,
  operation: Ownership,
  phases: readonly Phase[],
  direction: Direction = 'forward',
): Promise<ClusterRecord> {
  return ownedBy(operation, await getCluster(registry, operation.cluster), phases, direction);
}

/** The record as it was read, once it is sure that the operation owned it then. Throws OwnershipLost otherwise. Pure. */
export function ownedBy(
  { cluster, generation }: Ownership,
  record: ClusterRecord | undefined,
  phases: readonly Phase[],
  direction: Direction = 'forward',
): ClusterRecord {
  if (record?.generation !== generation || !phases.includes(record.phase)) {
    throw new RedkiteError(
      'OwnershipLost',
      record === undefined
        ? `There is no cluster ${cluster}.`
        : `Cluster ${cluster} is ${record.phase} in generation ${record.generation}; this step belongs to generation ${generation}.`,
    );
  }
  if (direction === 'forward' && record.retreating) {
    throw new RedkiteError('OwnershipLost', `Operation ${generation} of cluster ${cluster} is being cleaned up.`);
  }
  return record;
}

/** Keeps what was seen of a task. False when something newer is known already (events come late and twice). */
export async function putTask(
  { client, table }: RegistryTable,
  cluster: string,
  task: TaskObservation,
  now: Date,
): Promise<boolean> {
  return isAccepted(
    client.send(
      new PutCommand({
        TableName: table,
        Item: {
          pk: cluster,
          sk: taskKey(task.taskId),
          version: task.version,
          value: task,
          ...(task.lastStatus === 'STOPPED' ? { expiresAt: epochSeconds(now) + STOPPED_TASK_SECONDS } : {}),
        },
        // An equal version is written again: the first delivery may have died right after its write.
        ConditionExpression: 'attribute_not_exists(pk) OR #version <= :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': task.version },
      }),
    ),
  );
}

export async function deleteTask({ client, table }: RegistryTable, cluster: string, taskId: string): Promise<void> {
  await client.send(new DeleteCommand({ TableName: table, Key: { pk: cluster, sk: taskKey(taskId) } }));
}

export async function putBarrier(
  { client, table }: RegistryTable,
  cluster: string,
  barrier: Barrier,
  now: Date,
): Promise<void> {
  await client.send(
    new PutCommand({
      TableName: table,
      Item: { pk: cluster, sk: barrierKey(barrier.id), value: barrier, expiresAt: epochSeconds(now) + BARRIER_SECONDS },
    }),
  );
}

/** Removes a barrier unless it has been set up again since (the token tells). */
export async function deleteBarrier(
  { client, table }: RegistryTable,
  cluster: string,
  barrier: Pick<Barrier, 'id' | 'token'>,
): Promise<void> {
  await isAccepted(
    client.send(
      new DeleteCommand({
        TableName: table,
        Key: { pk: cluster, sk: barrierKey(barrier.id) },
        ConditionExpression: '#value.#token = :token',
        ExpressionAttributeNames: { '#value': 'value', '#token': 'token' },
        ExpressionAttributeValues: { ':token': barrier.token },
      }),
    ),
  );
}
