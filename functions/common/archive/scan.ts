/**
 * Reads the whole catalog of a quorum at one revision, as blocks of records in the order of their keys. Pages are decoded by
 * hand and one page is under way while the last one is worked on, so memory does not grow with the catalog.
 */
import { isEtcdError, type EtcdClient } from '../etcd/client.ts';
import { codec, methodPath } from '../etcd/descriptor.ts';
import { END_OF_KEYS, FIRST_KEY, keyAfter } from '../etcd/messages.ts';
import { WireReader } from '../etcd/wire.ts';
import { isOwnKey } from './own-keys.ts';
import { RECORD_HEAD, writeHead } from './records.ts';

export type ReadMode = 'linearizable' | 'serializable';

export interface ScanOptions {
  readonly mode: ReadMode;
  /** Of a page, about. */
  readonly pageBytes: number;
  readonly pageTimeoutMs: number;
}

export interface ScanPage {
  readonly records: Buffer;
  readonly keys: number;
  readonly leased: number;
  readonly own: number;
  readonly revision: number;
}

interface DecodedPage {
  readonly records: Buffer;
  readonly keys: number;
  readonly leased: number;
  readonly own: number;
  readonly lastKey: Buffer | undefined;
  readonly more: boolean;
  readonly count: number;
  readonly revision: number;
  readonly wireBytes: number;
}

const FIRST_PAGE_KEYS = 500;
/** Grows with what was seen, four times at most: a run of large values after small ones stays within reason. */
const GROWTH = 4;
/** Of a page that is larger than the client takes (common/etcd/channels.ts): a run of values that are larger still. */
const SHRINK = 8;
const MOST_PAGE_KEYS = 50_000;

const HEADER_REVISION = 3;
function headerRevision(bytes: Buffer, start: number, end: number): number {
  const header = new WireReader(bytes, start, end);
  let revision = 0;
  while (header.next()) {
    if (header.field === HEADER_REVISION) revision = header.varint();
    else header.skip();
  }
  return revision;
}

/** Turns a RangeResponse into records, without our own keys and without those that have a lease. */
export function decodePage(bytes: Buffer): DecodedPage {
  // A record is never longer than the same key on the wire: revisions and version take more than its head.
  const records = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let keys = 0;
  let leased = 0;
  let own = 0;
  let more = false;
  let count = 0;
  let revision = 0;
  let lastStart = 0;
  let lastEnd = 0;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 2) {
      const start = reader.span();
      const kv = new WireReader(bytes, start, reader.position);
      let keyStart = start;
      let keyEnd = start;
      let valueStart = start;
      let valueEnd = start;
      let lease = 0;
      while (kv.next()) {
        if (kv.field === 1) {
          keyStart = kv.span();
          keyEnd = kv.position;
        } else if (kv.field === 5) {
          valueStart = kv.span();
          valueEnd = kv.position;
        } else if (kv.field === 6) lease = kv.varint();
        else kv.skip();
      }
      lastStart = keyStart;
      lastEnd = keyEnd;
      if (isOwnKey(bytes.subarray(keyStart, keyEnd))) own += 1;
      else if (lease !== 0) leased += 1;
      else {
        keys += 1;
        length = writeHead(records, keyEnd - keyStart, valueEnd - valueStart, length);
        length += bytes.copy(records, length, keyStart, keyEnd);
        length += bytes.copy(records, length, valueStart, valueEnd);
      }
    } else if (reader.field === 1) {
      const start = reader.span();
      revision = headerRevision(bytes, start, reader.position);
    } else if (reader.field === 3) more = reader.varint() !== 0;
    else if (reader.field === 4) count = reader.varint();
    else reader.skip();
  }
  return {
    records: records.subarray(0, length),
    keys,
    leased,
    own,
    lastKey: lastEnd > lastStart ? Buffer.from(bytes.subarray(lastStart, lastEnd)) : undefined,
    more,
    count,
    revision,
    wireBytes: bytes.length,
  };
}

const RANGE = {
  path: methodPath('KV', 'Range'),
  requestSerialize: codec('RangeRequest').encode,
  responseDeserialize: decodePage,
};

/** The number of keys to ask for next, from what the last page was. */
export function nextLimit(limit: number, page: { wireBytes: number; keys: number }, pageBytes: number): number {
  const average = Math.max(RECORD_HEAD, page.wireBytes / Math.max(1, page.keys));
  return Math.max(1, Math.min(Math.floor(pageBytes / average), limit * GROWTH, MOST_PAGE_KEYS));
}

/** Throws an EtcdError `compacted` when the revision is compacted away meanwhile: begin again. */
export async function* scanCatalog(client: EtcdClient, options: ScanOptions): AsyncGenerator<ScanPage, void, void> {
  const linearizable = options.mode === 'linearizable';
  const call = { timeoutMs: options.pageTimeoutMs, elsewhere: linearizable, needsLeader: linearizable };
  let limit = FIRST_PAGE_KEYS;
  const ask = async (key: Uint8Array, wanted: number, revision: number): Promise<DecodedPage> => {
    const request = { key, rangeEnd: END_OF_KEYS, limit: wanted, revision, serializable: !linearizable };
    try {
      return await client.channels.callRaw(RANGE, request, call);
    } catch (error) {
      if (!isEtcdError(error, 'too-large') || wanted === 1) throw error;
      limit = Math.max(1, Math.floor(wanted / SHRINK));
      return ask(key, limit, revision);
    }
  };
  const first = await ask(FIRST_KEY, limit, 0);
  const { revision, count } = first;
  let seen = 0;
  for (let page = first; ;) {
    const found = page.keys + page.leased + page.own;
    seen += found;
    limit = nextLimit(limit, { wireBytes: page.wireBytes, keys: found }, options.pageBytes);
    const next = page.more && page.lastKey !== undefined ? ask(keyAfter(page.lastKey), limit, revision) : undefined;
    // Awaited below; a reader that stops before leaves nobody to hear of its failure.
    next?.catch(() => undefined);
    yield { records: page.records, keys: page.keys, leased: page.leased, own: page.own, revision };
    if (next === undefined) break;
    page = await next;
  }
  if (seen !== count) {
    throw new Error(`etcd gave ${seen} keys of the ${count} that it counted at revision ${revision}.`);
  }
}
