/** Places as a table keeps them: the conditions of the product's own writes are what is judged. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { PLACE_SECONDS, givePlaceBack, takePlace } from '../../../functions/common/registry/places.ts';

const dynamo = mockClient(DynamoDBDocumentClient);
const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-central-1' })),
  table: 'registry',
};
const START = 1_700_000_000_000;
let item: Record<string, number> = {};
/** What a read that is not consistent still sees. */
let stale: Record<string, number> | undefined;

/** As much of DynamoDB's expressions as is written here: comparisons, sums, AND, OR. */
function holds(condition: string, values: Record<string, number>): boolean {
  const value = (name: string) => (name.startsWith(':') ? values[name] : item[name]);
  return condition.split(' OR ').some((any) =>
    any.split(' AND ').every((one) => {
      const absent = /^attribute_not_exists\((\w+)\)$/.exec(one)?.[1];
      if (absent !== undefined) return item[absent] === undefined;
      const [left = '', operator = '', right = ''] = one.split(' ');
      const [a, b] = [value(left), value(right)];
      if (a === undefined || b === undefined) return false;
      const compared: Record<string, boolean> = { '<': a < b, '>': a > b, '>=': a >= b };
      const result = compared[operator];
      if (result === undefined) throw new Error(`${one} is not understood`);
      return result;
    }),
  );
}

beforeEach(() => {
  item = {};
  stale = undefined;
  dynamo.reset();
  dynamo.on(GetCommand).callsFake(() => {
    const seen = stale ?? item;
    return Object.keys(seen).length === 0 ? {} : { Item: { ...seen } };
  });
  dynamo.on(UpdateCommand).callsFake(({ UpdateExpression, ConditionExpression, ExpressionAttributeValues }) => {
    const values = ExpressionAttributeValues as Record<string, number>;
    const used = `${String(UpdateExpression)} ${String(ConditionExpression)}`.match(/:\w+/g);
    // DynamoDB refuses values that no expression names.
    if (new Set(used).size !== Object.keys(values).length) throw new Error('ValidationException');
    if (!holds(String(ConditionExpression), values)) {
      throw Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException' });
    }
    const before = { ...item };
    const term = (text: string) => (text.startsWith(':') ? values[text] : before[text]) ?? Number.NaN;
    for (const change of String(UpdateExpression).replace('SET ', '').split(', ')) {
      const [name = '', sum = ''] = change.split(' = ');
      const [first = '', operator, second = ''] = sum.split(' ');
      item[name] = term(first) + (operator === undefined ? 0 : operator === '+' ? term(second) : -term(second));
    }
    return {};
  });
});

const take = (most: number, afterSeconds = 0) => takePlace(registry, 'demo', most, START + afterSeconds * 1_000);

test('so many and no more, and one for each that is given back', async () => {
  expect([await take(2), await take(2), await take(2)]).toEqual([true, true, false]);
  await givePlaceBack(registry, 'demo');
  expect([await take(2), await take(2)]).toEqual([true, false]);
});

test('what was never given back is forgotten when whoever took it must be gone', async () => {
  expect([await take(1), await take(1, PLACE_SECONDS)]).toEqual([true, false]);
  expect([await take(1, PLACE_SECONDS + 1), await take(1, PLACE_SECONDS + 1)]).toEqual([true, false]);
});

test('of many that come at once where nobody was held, each has a place, up to the most', async () => {
  const taken = await Promise.all(Array.from({ length: 8 }, () => take(5)));
  expect(taken.filter(Boolean)).toHaveLength(5);
  expect(item['held']).toBe(5);
  // The same, where the count of earlier ones is there still.
  const later = await Promise.all(Array.from({ length: 8 }, () => take(5, PLACE_SECONDS + 1)));
  expect(later.filter(Boolean)).toHaveLength(5);
});

test('a read that is behind lets nobody in above the most', async () => {
  await take(2);
  stale = { ...item };
  expect([await take(2), await take(2)]).toEqual([true, false]);
  stale = {};
  expect(await take(2)).toBe(false);
});

test('whoever finds no place has written nothing', async () => {
  await take(1);
  const writes = dynamo.commandCalls(UpdateCommand).length;
  expect(await take(1)).toBe(false);
  expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(writes);
});

test('what cannot be counted is no answer: neither full nor free', async () => {
  dynamo.on(UpdateCommand).rejects(Object.assign(new Error('slow'), { name: 'ThrottlingException' }));
  await expect(take(1)).rejects.toThrow('slow');
  await expect(givePlaceBack(registry, 'demo')).rejects.toThrow('slow');
});

test('nobody gives back more than was taken', async () => {
  expect(await take(1)).toBe(true);
  await givePlaceBack(registry, 'demo');
  await givePlaceBack(registry, 'demo');
  expect([await take(1), await take(1)]).toEqual([true, false]);
});
