/** What a catalog says that the bucket holds, read from the records of an archive as they pass. */
import { eachRecord, type KeyedRecord } from '../archive/records.ts';
import { MOST_NAMED } from '../lambda/bounded.ts';
import { buildFolder, indexesPrefix, logPath, logsPrefix, parsePlace, segmentsPrefix, type LogKind } from './layout.ts';
import { INDEX_FINISHED, SEGMENT_STATE, decodeIndex, decodeLogs, decodeSegment } from './messages.ts';

/** Blocks of records in the order of keys; may be asked for more than once. */
export type Blocks = () => AsyncIterable<Buffer>;

/** The records below a prefix. Blocks without one of them cost a comparison of two keys. */
export async function* recordsBelow(blocks: Blocks, prefix: string): AsyncGenerator<KeyedRecord, void, void> {
  const start = Buffer.from(prefix);
  for await (const block of blocks()) {
    const found: KeyedRecord[] = [];
    eachRecord(block, (key, value, end) => {
      if (value - key < start.length || block.compare(start, 0, start.length, key, key + start.length) !== 0) return;
      found.push({ key: block.subarray(key, value), value: block.subarray(value, end) });
    });
    yield* found;
  }
}

export interface SegmentSummary {
  readonly segments: number;
  readonly collections: number;
  /** Ids; Milvus keeps few, because it removes them soon. Their files may be gone. */
  readonly dropped: ReadonlySet<string>;
  /** That were not whole in the bucket: their rows are, in part, in Kafka alone. */
  readonly unflushed: {
    readonly segments: number;
    readonly collections: number;
    /** Ids, the first ones where there are many. */
    readonly firstCollections: readonly string[];
  };
}

const UNFLUSHED: ReadonlySet<number> = new Set([SEGMENT_STATE.growing, SEGMENT_STATE.sealed, SEGMENT_STATE.flushing]);

export async function summarizeSegments(blocks: Blocks, cluster: string): Promise<SegmentSummary> {
  const dropped = new Set<string>();
  const collections = new Set<string>();
  const unflushed = new Set<string>();
  let segments = 0;
  let open = 0;
  for await (const { value } of recordsBelow(blocks, segmentsPrefix(cluster))) {
    const { id, state, collectionId } = decodeSegment(value);
    if (state === SEGMENT_STATE.dropped) {
      dropped.add(id);
      continue;
    }
    segments += 1;
    collections.add(collectionId);
    if (!UNFLUSHED.has(state)) continue;
    open += 1;
    unflushed.add(collectionId);
  }
  return {
    ...{ segments, collections: collections.size, dropped },
    unflushed: {
      ...{ segments: open, collections: unflushed.size },
      firstCollections: [...unflushed].slice(0, MOST_NAMED),
    },
  };
}

export interface NamedFile {
  /** Below MINIO_ROOTPATH, as bytes: listings and archives have the same order. */
  readonly key: Buffer;
  readonly collection: string;
  readonly segment: string;
}

/** In the order of their keys: ids have only digits, which sort behind the slash that ends a shorter one. */
export async function* logFiles(
  blocks: Blocks,
  cluster: string,
  kind: LogKind,
  dropped: ReadonlySet<string>,
): AsyncGenerator<NamedFile, void, void> {
  const prefix = logsPrefix(cluster, kind);
  for await (const { key, value } of recordsBelow(blocks, prefix)) {
    const place = parsePlace(key.toString(), prefix);
    if (place === undefined || value.length === 0 || dropped.has(place.segment)) continue;
    const { collection, segment } = place;
    const ids = decodeLogs(value).logs.map(({ logId, path }) =>
      logId === '0' ? path.slice(path.lastIndexOf('/') + 1) : logId,
    );
    for (const id of ids.sort()) yield { key: Buffer.from(logPath(kind, place, id)), collection, segment };
  }
}

export interface IndexBuild {
  readonly folder: string;
  readonly files: readonly NamedFile[];
}

export async function* indexBuilds(
  blocks: Blocks,
  cluster: string,
  dropped: ReadonlySet<string>,
): AsyncGenerator<IndexBuild, void, void> {
  const prefix = indexesPrefix(cluster);
  for await (const { key, value } of recordsBelow(blocks, prefix)) {
    const place = parsePlace(key.toString(), prefix);
    if (place === undefined || dropped.has(place.segment)) continue;
    const { buildId, version, partitionId, segmentId, state, fileKeys, deleted } = decodeIndex(value);
    if (deleted || state !== INDEX_FINISHED) continue;
    const folder = buildFolder(buildId);
    yield {
      folder,
      files: fileKeys.map((file) => ({
        key: Buffer.from(`${folder}${version}/${partitionId}/${segmentId}/${file}`),
        collection: place.collection,
        segment: segmentId,
      })),
    };
  }
}
