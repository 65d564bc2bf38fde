/**
 * Cuts blocks of records into transactions and writes them in etcd's own format by hand, the progress of their lane
 * included. The cut depends on the records and the limits alone, so a restore that starts again makes the same batches.
 */
import type { Bytes } from '../etcd/messages.ts';
import { codec, methodPath } from '../etcd/descriptor.ts';
import { WireReader, lengthTag, varintSize, writeVarint } from '../etcd/wire.ts';
import { eachRecord } from './records.ts';

export interface BatchLimits {
  /** Puts of a transaction; etcd refuses more than `--max-txn-ops` (128 by default), the progress included. */
  readonly puts: number;
  /** Of a transaction, about; etcd refuses more than `--max-request-bytes` (1.5 MiB by default). */
  readonly bytes: number;
}

export interface Batch {
  readonly number: number;
  readonly keys: number;
  /** Puts, as the operations of a TxnRequest. */
  readonly operations: Buffer;
}

// Field numbers of TxnRequest.success, RequestOp.request_put, PutRequest.key and .value.
const SUCCESS = lengthTag(2);
const REQUEST_PUT = lengthTag(2);
const PUT_KEY = lengthTag(1);
const PUT_VALUE = lengthTag(2);
/** Three tags and three lengths around key and value, none longer than five bytes, and the value's own. */
const MOST_PUT_OVERHEAD = 4 * 6;

const fieldSize = (length: number) => 1 + varintSize(length) + length;

/** Returns the position behind the operation. `source` holds key and value, one after the other. */
function writePut(target: Buffer, at: number, source: Buffer, key: number, value: number, end: number): number {
  const put = fieldSize(value - key) + fieldSize(end - value);
  let position = at;
  target[position] = SUCCESS;
  position = writeVarint(target, fieldSize(put), position + 1);
  target[position] = REQUEST_PUT;
  position = writeVarint(target, put, position + 1);
  target[position] = PUT_KEY;
  position = writeVarint(target, value - key, position + 1);
  position += source.copy(target, position, key, value);
  target[position] = PUT_VALUE;
  position = writeVarint(target, end - value, position + 1);
  return position + source.copy(target, position, value, end);
}

/** Records as the operations of a transaction; for the few that are not made from a block. */
export function encodePut(key: Buffer, value: Buffer): Buffer {
  const target = Buffer.allocUnsafe(key.length + value.length + MOST_PUT_OVERHEAD);
  const source = Buffer.concat([key, value]);
  return target.subarray(0, writePut(target, 0, source, 0, key.length, source.length));
}

interface Cut {
  readonly from: number;
  readonly to: number;
  readonly keys: number;
}

/** Positions in the block; a record larger than the limit is a batch of its own. */
function cutBlock(block: Buffer, limits: BatchLimits): Cut[] {
  const cuts: Cut[] = [];
  let from = 0;
  let keys = 0;
  let last = 0;
  eachRecord(block, (_key, _value, end) => {
    if (keys > 0 && (keys >= limits.puts || end - from > limits.bytes)) {
      cuts.push({ from, to: last, keys });
      from = last;
      keys = 0;
    }
    keys += 1;
    last = end;
  });
  if (keys > 0) cuts.push({ from, to: last, keys });
  return cuts;
}

/** Numbered from 1. `isDone`: the batch is only counted, and its operations are empty. */
export async function* batchesOf(
  blocks: AsyncIterable<Buffer>,
  limits: BatchLimits,
  options: { isDone: (number: number) => boolean; onBlock: (block: Buffer, keys: number) => void },
): AsyncGenerator<Batch, void, void> {
  let number = 0;
  for await (const block of blocks) {
    const cuts = cutBlock(block, limits);
    options.onBlock(
      block,
      cuts.reduce((sum, { keys }) => sum + keys, 0),
    );
    for (const { from, to, keys } of cuts) {
      number += 1;
      if (options.isDone(number)) {
        yield { number, keys, operations: Buffer.alloc(0) };
        continue;
      }
      const target = Buffer.allocUnsafe(to - from + keys * MOST_PUT_OVERHEAD);
      const records = block.subarray(from, to);
      let length = 0;
      eachRecord(records, (key, value, end) => {
        length = writePut(target, length, records, key, value, end);
      });
      yield { number, keys, operations: target.subarray(0, length) };
    }
  }
}

const transaction = codec('TxnRequest');

/** Done only while the key still has the value that the step before left (undefined: no such key). */
export interface Step {
  readonly key: Bytes;
  readonly from: string | undefined;
  readonly to: string;
}

export function encodeStep({ key, from, to }: Step, operations: Buffer): Buffer {
  const keyBytes = Buffer.from(key as string);
  const compare = transaction.encode({
    compare: [
      from === undefined
        ? { key: keyBytes, target: 'CREATE', result: 'EQUAL', createRevision: 0 }
        : { key: keyBytes, target: 'VALUE', result: 'EQUAL', value: Buffer.from(from) },
    ],
  });
  return Buffer.concat([compare, encodePut(keyBytes, Buffer.from(to)), operations]);
}

/** Only whether it succeeded: the answer has an entry a put. */
export function decodeSucceeded(bytes: Buffer): boolean {
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 2) return reader.varint() !== 0;
    reader.skip();
  }
  return false;
}

export const ENCODED_TXN = {
  path: methodPath('KV', 'Txn'),
  requestSerialize: (encoded: Buffer) => encoded,
  responseDeserialize: decodeSucceeded,
};
