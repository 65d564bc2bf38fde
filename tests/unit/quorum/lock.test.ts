/** The metadata lock against a table that keeps one item and understands the conditions that the lock uses. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { dropLock, readLock, releaseLock, setJoining, takeLock } from '../../../functions/common/registry/lock.ts';

interface Item {
  owner: string;
  expiresAt: number;
  again?: boolean;
  joining?: number[];
}
const dynamo = mockClient(DynamoDBDocumentClient);
const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  table: 'registry',
};
let item: Item | undefined;
const refused = Object.assign(new Error('refused'), { name: 'ConditionalCheckFailedException' });
const at = (seconds: number) => new Date(seconds * 1_000);

const CONDITIONS: Readonly<Record<string, (values: Record<string, unknown>) => boolean>> = {
  'attribute_not_exists(pk) OR #owner = :me OR expiresAt < :now': (values) =>
    item === undefined || item.owner === values[':me'] || item.expiresAt < Number(values[':now']),
  'attribute_exists(pk) AND #owner <> :me': (values) => item !== undefined && item.owner !== values[':me'],
  '#owner = :me AND attribute_not_exists(again)': (values) =>
    item?.owner === values[':me'] && item?.again === undefined,
  '#owner = :me': (values) => item?.owner === values[':me'],
};

function check(condition: string | undefined, values: Record<string, unknown> | undefined): void {
  const holds = CONDITIONS[condition ?? ''];
  if (holds === undefined) throw new Error(`The test does not know the condition ${String(condition)}.`);
  if (!holds(values ?? {})) throw refused;
}

beforeEach(() => {
  dynamo.reset();
  item = undefined;
  dynamo.on(GetCommand).callsFake(() => ({ Item: item }));
  dynamo.on(DeleteCommand).callsFake(({ ConditionExpression, ExpressionAttributeValues }) => {
    check(ConditionExpression as string, ExpressionAttributeValues as Record<string, unknown>);
    item = undefined;
    return {};
  });
  dynamo.on(UpdateCommand).callsFake(({ ConditionExpression, ExpressionAttributeValues, UpdateExpression }) => {
    const values = ExpressionAttributeValues as Record<string, unknown>;
    check(ConditionExpression as string, values);
    const before = item ?? { owner: '', expiresAt: 0 };
    switch (UpdateExpression as string) {
      case 'SET #owner = :me, expiresAt = :until':
        item = { ...before, owner: String(values[':me']), expiresAt: Number(values[':until']) };
        break;
      case 'SET again = :true':
        item = { ...before, again: true };
        break;
      case 'SET joining = :joining':
        item = { ...before, joining: values[':joining'] as number[] };
        break;
      case 'REMOVE again':
        item = { owner: before.owner, expiresAt: before.expiresAt };
        break;
      default:
        throw new Error(`The test does not know the update ${String(UpdateExpression)}.`);
    }
    return {};
  });
});

test('one owner at a time; it may take its lock again', async () => {
  expect(await takeLock(registry, 'demo', 'a', at(100))).toBe('ours');
  expect(await takeLock(registry, 'demo', 'a', at(200))).toBe('ours');
  expect(await takeLock(registry, 'demo', 'b', at(300))).toBe('theirs');
  expect((await readLock(registry, 'demo'))?.owner).toBe('a');
});

test('an owner that was asked for may not let go before it has looked once more', async () => {
  await takeLock(registry, 'demo', 'a', at(100));
  await takeLock(registry, 'demo', 'b', at(100));
  expect(await releaseLock(registry, 'demo', 'a')).toBe(false);
  expect(await releaseLock(registry, 'demo', 'a')).toBe(true);
  expect(await readLock(registry, 'demo')).toBeUndefined();
});

test('an owner whose time is over is taken over, and can neither release nor drop nor write', async () => {
  await takeLock(registry, 'demo', 'a', at(100));
  expect(await takeLock(registry, 'demo', 'b', at(500))).toBe('ours');
  expect(await releaseLock(registry, 'demo', 'a')).toBe(true);
  expect(await dropLock(registry, 'demo', 'a')).toBe(false);
  await expect(setJoining(registry, 'demo', 'a', [1])).rejects.toMatchObject({ name: 'OwnershipLost' });
  expect(await readLock(registry, 'demo')).toEqual({ owner: 'b', joining: [] });
});

test('an owner that gives up drops it whatever was noted', async () => {
  await takeLock(registry, 'demo', 'a', at(100));
  await takeLock(registry, 'demo', 'b', at(100));
  expect(await dropLock(registry, 'demo', 'a')).toBe(true);
  expect(await takeLock(registry, 'demo', 'b', at(101))).toBe('ours');
});

test('members that join are known to others', async () => {
  await takeLock(registry, 'demo', 'a', at(100));
  await setJoining(registry, 'demo', 'a', [2]);
  expect(await readLock(registry, 'demo')).toEqual({ owner: 'a', joining: [2] });
});

test('a lock that is released between our two looks is taken at the next', async () => {
  item = { owner: 'a', expiresAt: 1_000 };
  let first = true;
  dynamo.on(UpdateCommand).callsFake(({ UpdateExpression }) => {
    if (UpdateExpression === 'SET again = :true') {
      item = undefined;
      throw refused;
    }
    if (first) {
      first = false;
      throw refused;
    }
    return {};
  });
  expect(await takeLock(registry, 'demo', 'b', at(100))).toBe('ours');
});
