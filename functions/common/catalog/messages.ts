/**
 * The few messages of Milvus' catalog that we read, as data: field numbers of Milvus 2.3 (`data_coord.proto`,
 * `index_coord.proto`, `msg.proto`), checked against what a running 2.3.5 writes. Fields that are left out are skipped.
 */
import protobuf from 'protobufjs/light.js';

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    SegmentInfo: {
      fields: {
        id: field('int64', 1),
        collectionId: field('int64', 2),
        rows: field('int64', 5),
        state: field('int32', 6),
      },
    },
    FieldBinlog: { fields: { fieldId: field('int64', 1), logs: repeated('Binlog', 2) } },
    Binlog: { fields: { path: field('string', 4), logId: field('int64', 6) } },
    SegmentIndex: {
      fields: {
        partitionId: field('int64', 2),
        segmentId: field('int64', 3),
        buildId: field('int64', 6),
        version: field('int64', 8),
        state: field('int32', 9),
        fileKeys: repeated('string', 11),
        deleted: field('bool', 12),
      },
    },
    MsgPosition: { fields: { channel: field('string', 1), timestamp: field('uint64', 4) } },
  },
});

/** Absent fields have their defaults; 64-bit numbers are decimal strings. */
function decode(name: string, bytes: Uint8Array): object {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: String, defaults: true, arrays: true });
}

export interface SegmentInfo {
  readonly id: string;
  readonly collectionId: string;
  readonly rows: string;
  readonly state: number;
}
export interface FieldBinlog {
  readonly fieldId: string;
  /** 2.3 keeps the id alone and makes the path from it; what older releases wrote has the path. */
  readonly logs: readonly { readonly path: string; readonly logId: string }[];
}
export interface SegmentIndex {
  readonly partitionId: string;
  readonly segmentId: string;
  readonly buildId: string;
  readonly version: string;
  readonly state: number;
  readonly fileKeys: readonly string[];
  readonly deleted: boolean;
}
export interface MsgPosition {
  readonly channel: string;
  readonly timestamp: string;
}

export const decodeSegment = (bytes: Uint8Array) => decode('SegmentInfo', bytes) as SegmentInfo;
export const decodeLogs = (bytes: Uint8Array) => decode('FieldBinlog', bytes) as FieldBinlog;
export const decodeIndex = (bytes: Uint8Array) => decode('SegmentIndex', bytes) as SegmentIndex;
export const decodePosition = (bytes: Uint8Array) => decode('MsgPosition', bytes) as MsgPosition;

/** `commonpb.SegmentState`. */
export const SEGMENT_STATE = { growing: 2, sealed: 3, flushed: 4, flushing: 5, dropped: 6 } as const;
/** `commonpb.IndexState.Finished`: only then are there files. */
export const INDEX_FINISHED = 3;
