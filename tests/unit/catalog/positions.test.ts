import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { encodeRecords, recordsIn } from '../../../functions/common/archive/records.ts';
import { decodePosition } from '../../../functions/common/catalog/messages.ts';
import { hybridTimestamp, skipMessages, withTimestamp } from '../../../functions/common/catalog/positions.ts';

const { records } = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/milvus-2.3.5.json'), 'utf8')) as {
  records: Record<string, string>;
};
const AT = new Date('2026-12-01T00:00:00.000Z');
const all = Object.keys(records)
  .sort()
  .map((key) => ({ key: Buffer.from(key), value: Buffer.from(records[key] ?? '', 'base64') }));
const isPosition = (key: Buffer) => key.includes('/channel-cp/');

async function* blocks() {
  await Promise.resolve();
  yield encodeRecords(all.slice(0, 22));
  yield encodeRecords(all.slice(22));
}
const source = { id: 'a', blocks, expected: { keys: all.length, sha256: 'x' } };

test('only the timestamps of the positions change', async () => {
  const moved = skipMessages(source, 'demo', AT);
  let positions = 0;
  let index = 0;
  for await (const { key, value } of recordsIn(moved.blocks())) {
    const before = all[index];
    index += 1;
    expect(key.toString()).toBe(before?.key.toString());
    if (!isPosition(key)) {
      expect(value).toEqual(before?.value);
      continue;
    }
    positions += 1;
    const old = before?.value ?? Buffer.alloc(0);
    expect(decodePosition(value)).toEqual({
      channel: decodePosition(old).channel,
      timestamp: String(hybridTimestamp(AT)),
    });
    // The offset in Kafka, and whatever else stands there.
    expect(value.subarray(0, old.length)).toEqual(old);
  }
  expect([index, positions]).toEqual([all.length, 4]);
});

test('it is another restore than the one without it, and than the one to another moment', () => {
  const ids = [source, skipMessages(source, 'demo', AT), skipMessages(source, 'demo', new Date(0))].map(({ id }) => id);
  expect(new Set(ids).size).toBe(3);
  expect(skipMessages(source, 'demo', AT).id).toBe(skipMessages(source, 'demo', AT).id);
  expect(skipMessages(source, 'demo', AT).expected).toBeUndefined();
});

test('a position is never moved back', () => {
  const position = all.find(({ key }) => isPosition(key))?.value ?? Buffer.alloc(0);
  const { timestamp } = decodePosition(position);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }), (wanted) => {
      const now = BigInt(decodePosition(withTimestamp(position, wanted)).timestamp);
      expect(now).toBe(wanted > BigInt(timestamp) ? wanted : BigInt(timestamp));
    }),
  );
});

test("Milvus' timestamps are milliseconds and 18 bits", () => {
  const position = all.find(({ key }) => isPosition(key))?.value ?? Buffer.alloc(0);
  const moment = new Date(Number(BigInt(decodePosition(position).timestamp) >> 18n)).toISOString();
  expect(moment).toMatch(/^2026-11-25T01:4/);
});
