/**
 * The canonical record: what an archive holds of a key, and what its hash is taken over. Length of the key, length of the
 * value (each 32 bits, big endian), key, value; records follow each other in the order of their keys. Nothing of one quorum
 * is in it (revisions, versions, leases), so the same catalog gives the same hash wherever it lives.
 *
 * A block is a buffer of whole records. Blocks, not objects a key, are what travels through archive and restore.
 */
import { createHash } from 'node:crypto';

export const RECORD_HEAD = 8;

export interface KeyedRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Writes the head of a record and returns the position behind it. */
export function writeHead(block: Buffer, keyLength: number, valueLength: number, position: number): number {
  block.writeUInt32BE(keyLength, position);
  block.writeUInt32BE(valueLength, position + 4);
  return position + RECORD_HEAD;
}

export function encodeRecords(records: Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>): Buffer {
  const parts: Uint8Array[] = [];
  for (const { key, value } of records) {
    const head = Buffer.allocUnsafe(RECORD_HEAD);
    writeHead(head, key.length, value.length, 0);
    parts.push(head, key, value);
  }
  return Buffer.concat(parts);
}

/** Where the key and the value of a record are: `key` to `value`, `value` to `end`. */
export type RecordVisitor = (key: number, value: number, end: number) => void;

/** Throws a RangeError when the block does not end with a record. */
export function eachRecord(block: Buffer, visit: RecordVisitor): void {
  let position = 0;
  while (position < block.length) {
    if (position + RECORD_HEAD > block.length) throw new RangeError('The block ends within the head of a record.');
    const key = position + RECORD_HEAD;
    const value = key + block.readUInt32BE(position);
    const end = value + block.readUInt32BE(position + 4);
    if (end > block.length) throw new RangeError('The block ends within a record.');
    visit(key, value, end);
    position = end;
  }
}

export function* recordsOf(block: Buffer): Generator<KeyedRecord, void, void> {
  let position = 0;
  while (position < block.length) {
    const key = position + RECORD_HEAD;
    const value = key + block.readUInt32BE(position);
    const end = value + block.readUInt32BE(position + 4);
    yield { key: block.subarray(key, value), value: block.subarray(value, end) };
    position = end;
  }
}

export async function* recordsIn(blocks: AsyncIterable<Buffer>): AsyncGenerator<KeyedRecord, void, void> {
  for await (const block of blocks) yield* recordsOf(block);
}

/** Groups records into blocks of about `blockBytes`. */
export async function* blocksOf(
  records: AsyncIterable<KeyedRecord>,
  blockBytes: number,
): AsyncGenerator<Buffer, void, void> {
  let pending: KeyedRecord[] = [];
  let bytes = 0;
  for await (const record of records) {
    pending.push(record);
    bytes += RECORD_HEAD + record.key.length + record.value.length;
    if (bytes < blockBytes) continue;
    yield encodeRecords(pending);
    pending = [];
    bytes = 0;
  }
  if (pending.length > 0) yield encodeRecords(pending);
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export interface RecordsDigest {
  readonly keys: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** Over records in order; how they were cut into blocks makes no difference. */
export function digestRecords(): { add: (block: Buffer, keys: number) => void; result: () => RecordsDigest } {
  const hash = createHash('sha256');
  let keys = 0;
  let bytes = 0;
  return {
    add: (block, added) => {
      hash.update(block);
      keys += added;
      bytes += block.length;
    },
    result: () => ({ keys, bytes, sha256: hash.copy().digest('hex') }),
  };
}

export function countRecords(block: Buffer): number {
  let count = 0;
  eachRecord(block, () => {
    count += 1;
  });
  return count;
}
