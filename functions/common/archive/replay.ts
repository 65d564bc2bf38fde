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
  /** Ends before what is damaged or missing, and says so, instead of refusing: for a recovery that nobody chose a state for. */
  readonly asFarAsWhole?: true;
}

export interface Replay {
  /** Of the catalog that comes out. */
  readonly revision: number;
  /** Everything acknowledged before it is in, when the target was no revision. */
  readonly asOf: string;
  readonly changes: number;
  readonly segments: number;
  /** What of the log could not be used; none of it is in. */
  readonly damage: readonly ArchiveError[];
  readonly blocks: () => AsyncGenerator<Buffer, void, void>;
}

const BLOCK_BYTES = 1024 * 1024;

/** Backwards by hash from a segment to revision `after`; as a gap where a segment on the way is not there. */
function chainTo(
  last: Segment,
  byHash: ReadonlyMap<string, Segment>,
  after: number,
): readonly Segment[] | ArchiveError {
  const chain: Segment[] = [];
  for (let segment = last; ;) {
    chain.unshift(segment);
    const { from, previous } = segment.head;
    if (from <= after + 1) return chain;
    const before = previous === null ? undefined : byHash.get(previous);
    if (before?.head.to !== from - 1) {
      return new ArchiveError(
        'gap',
        `The change log has a gap: ${segment.key} does not follow revision ${after}, ` +
          `and the segment that it follows (up to ${from - 1}) is not there.`,
      );
    }
    segment = before;
  }
}

/**
 * The chain of segments from `after` on, found backwards by hash from the one that reaches furthest: where two shippers ran
 * at once there are two ways, and both are true. `gap`: why a segment that reaches further is not in it.
 */
export function chainOf(
  segments: readonly Segment[],
  after: number,
): { readonly chain: readonly Segment[]; readonly gap?: ArchiveError } {
  const byHash = new Map(segments.map((segment) => [segment.sha256, segment]));
  const furthestFirst = segments
    .filter(({ head }) => head.to > after)
    .toSorted((a, b) => b.head.to - a.head.to || (a.key < b.key ? -1 : 1));
  let gap: ArchiveError | undefined;
  for (const last of furthestFirst) {
    const chain = chainTo(last, byHash, after);
    if (!(chain instanceof ArchiveError)) return { chain, ...(gap === undefined ? {} : { gap }) };
    gap ??= chain;
  }
  return { chain: [], ...(gap === undefined ? {} : { gap }) };
}

/** A day of the log is 1,440 small objects. */
const READ_AT_ONCE = 16;

interface LoadedLog {
  readonly segments: readonly Segment[];
  readonly refused: readonly ArchiveError[];
}

async function loadSegments(store: ObjectStore, manifest: Manifest, target: ReplayTarget): Promise<LoadedLog> {
  const { history, cluster, revision } = manifest;
  const loaded: Segment[] = [];
  const refused: ArchiveError[] = [];
  if (history === null) return { segments: loaded, refused };
  const names = (await listSegments(store, history)).filter(
    ({ from, to }) => to > revision && (target.revision === undefined || from <= target.revision),
  );
  for (let index = 0; index < names.length; index += READ_AT_ONCE) {
    const segments = await Promise.all(
      names.slice(index, index + READ_AT_ONCE).map(async ({ key }) => {
        const bytes = await store.get(key);
        return bytes === undefined
          ? undefined
          : decodeSegment(key, bytes, { cluster, history }).catch((error: unknown) => {
              if (error instanceof ArchiveError) return error;
              throw error;
            });
      }),
    );
    for (const segment of segments) {
      if (segment instanceof ArchiveError) refused.push(segment);
      else if (segment !== undefined) loaded.push(segment);
    }
  }
  return { segments: loaded, refused };
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

/** What leads to the target is whole: then nobody has to care for what else lies there. */
function isBeyond({ revision, time }: ReplayTarget, chain: readonly Segment[]): boolean {
  const last = chain.at(-1)?.head;
  if (last === undefined) return false;
  return revision === undefined ? time !== undefined && last.asOf > time : last.to >= revision;
}

export async function replay(store: ObjectStore, manifest: Manifest, target: ReplayTarget = {}): Promise<Replay> {
  const { revision: start, createdAt, name } = manifest;
  if (target.revision !== undefined && target.revision < start) {
    throw new ArchiveError('future', `Archive ${name} is of revision ${start}, after the wanted ${target.revision}.`);
  }
  if (target.time !== undefined && target.time < createdAt) {
    throw new ArchiveError('future', `Archive ${name} is from ${createdAt}, after the wanted ${target.time}.`);
  }
  const { segments, refused } = await loadSegments(store, manifest, target);
  const { chain, gap } = chainOf(
    segments.filter(({ head }) => target.time === undefined || head.asOf <= target.time),
    start,
  );
  const damage = [...refused, ...(gap === undefined ? [] : [gap])];
  const [first] = damage;
  if (first !== undefined && target.asFarAsWhole !== true && !isBeyond(target, chainOf(segments, start).chain)) {
    throw first;
  }
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
    damage,
    blocks: () =>
      words.size === 0
        ? readArchive(store, manifest)
        : blocksOf(merged(recordsIn(readArchive(store, manifest)), words), BLOCK_BYTES),
  };
}
