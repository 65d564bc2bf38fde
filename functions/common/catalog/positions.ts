/**
 * An older catalog says from where in Kafka Milvus has to read, and Kafka was not turned back: from there on stands
 * everything that happened since, and Milvus would do it again. Rows that were inserted later would come back (into
 * segments that the catalog does not know), and a collection that was dropped later would be dropped again. So a state
 * that people choose is restored with every channel's position at the moment of the restore: Milvus goes to the old offset
 * and skips, as it always does, what is not younger than the position's timestamp.
 */
import { encodeRecords, eachRecord, recordsOf } from '../archive/records.ts';
import { restoreId, type RestoreSource } from '../archive/restore.ts';
import { positionsPrefix } from './layout.ts';
import { decodePosition } from './messages.ts';

/** Milvus' hybrid timestamps: milliseconds, then 18 bits of a counter. */
const LOGICAL_BITS = 18n;
/** Of MsgPosition.timestamp, a varint. */
const TIMESTAMP_TAG = (4 << 3) | 0;
const MOST_VARINT_BYTES = 10;

export const hybridTimestamp = (at: Date) => BigInt(at.getTime()) << LOGICAL_BITS;

function encodeVarint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn && bytes.length < MOST_VARINT_BYTES; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** The last of two values of a field counts, so what else the message holds stays as it is. */
export function withTimestamp(position: Buffer, timestamp: bigint): Buffer {
  if (BigInt(decodePosition(position).timestamp) >= timestamp) return position;
  return Buffer.concat([position, Buffer.from([TIMESTAMP_TAG]), encodeVarint(timestamp)]);
}

/** The same source with every channel's position moved to `at`. */
export function skipMessages(source: RestoreSource, cluster: string, at: Date): RestoreSource {
  const prefix = Buffer.from(positionsPrefix(cluster));
  const timestamp = hybridTimestamp(at);
  const isPosition = (key: Uint8Array) => prefix.equals(key.subarray(0, prefix.length));
  return {
    id: restoreId(source.id, { skipTo: at.toISOString() }),
    blocks: async function* () {
      for await (const block of source.blocks()) {
        let positions = 0;
        eachRecord(block, (key, value) => {
          if (isPosition(block.subarray(key, value))) positions += 1;
        });
        yield positions > 0
          ? encodeRecords(
              [...recordsOf(block)].map(({ key, value }) => ({
                key,
                value: isPosition(key) ? withTimestamp(value, timestamp) : value,
              })),
            )
          : block;
      }
    },
  };
}
