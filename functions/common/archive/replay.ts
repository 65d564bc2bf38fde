/**
 * Point in time: an archive and the change log after it, as one stream of records. The log is folded to its last word on
 * every key first (it is small: what Milvus wrote since the archive), then merged with the archive, which stays a stream.
 */
import { mergeByKey } from './compare.ts';
import { ArchiveError, type Manifest } from './manifest.ts';
import { readArchive } from './read.ts';
import { blocksOf, recordsIn, type KeyedRecord } from './records.ts';
import { decodeSegment, type Segment } from './segment.ts';
import { listSegments } from './changes.ts';
import type { ObjectStore } from './store/store.ts';

/** At most this revision, or what was acknowledged before this moment; without both everything there is. */
export interface ReplayTarget {
  readonly revision?: number;
  /** ISO 8601 */
  readonly time?: string;
}

export interface Replay {
  /** Of the catalog that comes out. */
  readonly revision: number;
  /** Everything acknowledged before it is in, when the target was no revision. */
  readonly asOf: string;
  readonly changes: number;
  readonly segments: number;
  readonly blocks: () => AsyncGenerator<Buffer, void, void>;
}

const BLOCK_BYTES = 1024 * 1024;

/**
 * The chain of segments from `after` on, found backwards by hash from the one that reaches furthest: where two shippers ran
 * at once there are two ways, and both are true.
 */
export function chainOf(segments: readonly Segment[], after: number): readonly Segment[] {
  const wanted = segments.filter(({ head }) => head.to > after);
  if (wanted.length === 0) return [];
  const byHash = new Map(segments.map((segment) => [segment.sha256, segment]));
  const furthest = wanted.toSorted((a, b) => b.head.to - a.head.to || (a.key < b.key ? -1 : 1))[0];
  const chain: Segment[] = [];
  for (let segment = furthest; segment !== undefined;) {
    chain.unshift(segment);
    const { from, previous } = segment.head;
    if (from <= after + 1) return chain;
    const before: Segment | undefined = previous === null ? undefined : byHash.get(previous);
    if (before?.head.to !== from - 1) {
      throw new ArchiveError(
        'gap',
        `The change log has a gap: ${segment.key} does not follow revision ${after}, ` +
          `and the segment that it follows (up to ${from - 1}) is not there.`,
      );
    }
    segment = before;
  }
  return chain;
}

/** A day of the log is 1,440 small objects. */
const READ_AT_ONCE = 16;

async function loadSegments(store: ObjectStore, manifest: Manifest, target: ReplayTarget): Promise<Segment[]> {
  const { history, cluster, revision } = manifest;
  if (history === null) return [];
  const names = (await listSegments(store, history)).filter(
    ({ from, to }) => to > revision && (target.revision === undefined || from <= target.revision),
  );
  const loaded: Segment[] = [];
  for (let index = 0; index < names.length; index += READ_AT_ONCE) {
    const segments = await Promise.all(
      names.slice(index, index + READ_AT_ONCE).map(async ({ key }) => {
        const bytes = await store.get(key);
        return bytes === undefined ? undefined : decodeSegment(key, bytes, { cluster, history });
      }),
    );
    for (const segment of segments) {
      if (segment !== undefined && (target.time === undefined || segment.head.asOf <= target.time))
        loaded.push(segment);
    }
  }
  return loaded;
}

/** The last word on every key, up to a revision. */
export function foldChanges(
  segments: readonly Segment[],
  after: number,
  upTo: number,
): { changes: number; words: Map<string, Buffer | undefined> } {
  const words = new Map<string, Buffer | undefined>();
  let changes = 0;
  for (const segment of segments) {
    for (const { revision, kind, key, value } of segment.changes) {
      if (revision <= after || revision > upTo) continue;
      words.set(key.toString('latin1'), kind === 'put' ? value : undefined);
      changes += 1;
    }
  }
  return { changes, words };
}

// eslint-disable-next-line @typescript-eslint/require-await -- the merge takes both of its sides as streams
async function* sorted(words: Map<string, Buffer | undefined>) {
  // Each character of latin1 is one byte, so the order of the strings is the order of the keys.
  for (const key of [...words.keys()].sort()) yield { key: Buffer.from(key, 'latin1'), value: words.get(key) };
}

async function* merged(
  archive: AsyncIterable<KeyedRecord>,
  words: Map<string, Buffer | undefined>,
): AsyncGenerator<KeyedRecord, void, void> {
  for await (const { left, right } of mergeByKey(archive, sorted(words))) {
    if (right === undefined) {
      if (left !== undefined) yield left;
    } else if (right.value !== undefined) yield { key: right.key, value: right.value };
  }
}

export async function replay(store: ObjectStore, manifest: Manifest, target: ReplayTarget = {}): Promise<Replay> {
  const { revision: start, createdAt, name } = manifest;
  if (target.revision !== undefined && target.revision < start) {
    throw new ArchiveError('future', `Archive ${name} is of revision ${start}, after the wanted ${target.revision}.`);
  }
  if (target.time !== undefined && target.time < createdAt) {
    throw new ArchiveError('future', `Archive ${name} is from ${createdAt}, after the wanted ${target.time}.`);
  }
  const chain = chainOf(await loadSegments(store, manifest, target), start);
  const end = Math.max(start, chain.at(-1)?.head.to ?? start);
  if (target.revision !== undefined && target.revision > end) {
    throw new ArchiveError('gap', `The change log ends at revision ${end}, before the wanted ${target.revision}.`);
  }
  const revision = target.revision ?? end;
  const { changes, words } = foldChanges(chain, start, revision);
  return {
    revision,
    asOf: chain.findLast(({ head }) => head.complete)?.head.asOf ?? createdAt,
    changes,
    segments: chain.length,
    blocks: () =>
      words.size === 0
        ? readArchive(store, manifest)
        : blocksOf(merged(recordsIn(readArchive(store, manifest)), words), BLOCK_BYTES),
  };
}
