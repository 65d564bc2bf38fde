/**
 * What callers of the etcd client give and get. Identifiers (cluster, member, lease) are decimal strings, because they use
 * all 64 bits; revisions, counts and sizes are numbers.
 */
export type Bytes = Uint8Array | string;

export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** '0' without a lease. */
  readonly lease: string;
}

/** Where an answer comes from. */
export interface Header {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: number;
  readonly raftTerm: number;
}

export interface RangeOptions {
  readonly key: Bytes;
  /** Exclusive; without it the one key. */
  readonly rangeEnd?: Bytes;
  readonly limit?: number;
  readonly revision?: number;
  /** Answered from the member's own data, without asking the quorum: possible without one, and possibly late. */
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
}
export interface RangeAnswer extends Header {
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface PutOptions {
  readonly key: Bytes;
  readonly value: Bytes;
  readonly lease?: string;
}
export interface DeleteOptions {
  readonly key: Bytes;
  readonly rangeEnd?: Bytes;
}

export type CompareTarget = 'version' | 'createRevision' | 'modRevision' | 'value' | 'lease';
export interface Compare {
  readonly key: Bytes;
  /** With it every key of the range has to fit; a range without keys compares as one key that does not exist. */
  readonly rangeEnd?: Bytes;
  readonly target: CompareTarget;
  readonly is: 'equal' | 'greater' | 'less' | 'not-equal';
  readonly to: number | Bytes;
}
export type Operation =
  { readonly put: PutOptions } | { readonly range: RangeOptions } | { readonly delete: DeleteOptions };
export type OperationAnswer =
  | { readonly put: true }
  | { readonly range: { readonly kvs: readonly KeyValue[]; readonly more: boolean; readonly count: number } }
  | { readonly delete: { readonly deleted: number } };

export interface Transaction {
  readonly compare?: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}
export interface TransactionAnswer extends Header {
  readonly succeeded: boolean;
  readonly answers: readonly OperationAnswer[];
}

export interface MemberStatus extends Header {
  readonly version: string;
  /** '0' when this member knows none. */
  readonly leader: string;
  readonly raftIndex: number;
  readonly raftAppliedIndex: number;
  readonly isLearner: boolean;
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  /** 0 before etcd 3.6. */
  readonly dbSizeQuota: number;
  readonly errors: readonly string[];
}

export interface Member {
  readonly id: string;
  /** Empty for a member that was added and has not started yet. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export type AlarmType = 'NOSPACE' | 'CORRUPT';
export interface Alarm {
  readonly memberId: string;
  readonly alarm: AlarmType;
}

export interface WatchOptions {
  readonly key: Bytes;
  readonly rangeEnd?: Bytes;
  readonly startRevision?: number;
  readonly signal?: AbortSignal;
}
export interface WatchEvent {
  readonly type: 'put' | 'delete';
  readonly kv: KeyValue;
}
export interface WatchBatch {
  /** In order of revision. */
  readonly events: readonly WatchEvent[];
  /** True when events of the last revision may follow in the next batch. */
  readonly partial: boolean;
  readonly revision: number;
}

/** As the end of a range that begins at a key: every key from there on. */
export const END_OF_KEYS = Buffer.of(0);
/** As the beginning: etcd has no empty key. */
export const FIRST_KEY = Buffer.of(0);

/** The end of the range of all keys that begin with `prefix`. */
export function prefixEnd(prefix: Bytes): Buffer {
  const end = Buffer.from(prefix as string);
  for (let index = end.length - 1; index >= 0; index -= 1) {
    const byte = end[index] ?? 0xff;
    if (byte < 0xff) {
      end[index] = byte + 1;
      return end.subarray(0, index + 1);
    }
  }
  return END_OF_KEYS;
}

/** The key right after `key`. */
export const keyAfter = (key: Uint8Array) => Buffer.concat([key, FIRST_KEY]);
