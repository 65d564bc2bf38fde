/** How far the change log goes on from an archive, by the names of its segments and the head of the last one. */
import { listSegments } from './changes.ts';
import { ArchiveError, type Manifest } from './manifest.ts';
import { decodeSegment, type SegmentName } from './segment.ts';
import type { ObjectStore } from './store/store.ts';

export interface LogReach {
  readonly revision: number;
  /** ISO 8601; undefined where nothing was shipped after the archive. */
  readonly until?: string;
}

/** The segments that lead on from a revision without a gap, the last of them last. Pure; in the order of their names. */
export function contiguous(segments: readonly SegmentName[], after: number): SegmentName[] {
  let reach = after;
  const chain: SegmentName[] = [];
  for (const segment of segments) {
    if (segment.to <= reach) continue;
    if (segment.from > reach + 1) break;
    chain.push(segment);
    reach = segment.to;
  }
  return chain;
}

/** For several archives of one cluster: each history is listed once, each last segment read once. */
export function logReaches(store: ObjectStore): (manifest: Manifest) => Promise<LogReach> {
  const histories = new Map<string, Promise<SegmentName[]>>();
  const moments = new Map<string, Promise<string | undefined>>();
  return async ({ history, revision, cluster }) => {
    if (history === null) return { revision };
    const known = histories.get(history) ?? listSegments(store, history);
    histories.set(history, known);
    const chain = contiguous(await known, revision);
    // A segment may end in the middle of what had to be shipped: only a complete one says up to when.
    for (const segment of chain.toReversed()) {
      const moment = moments.get(segment.key) ?? completeAsOf(store, segment.key, cluster, history);
      moments.set(segment.key, moment);
      const until = await moment;
      if (until !== undefined) return { revision: segment.to, until };
    }
    return { revision };
  };
}

async function completeAsOf(store: ObjectStore, key: string, cluster: string, history: string) {
  const bytes = await store.get(key);
  if (bytes === undefined) return undefined;
  try {
    const { head } = await decodeSegment(key, bytes, { cluster, history });
    return head.complete ? head.asOf : undefined;
  } catch (error) {
    // A damaged end of the log says nothing about the archive.
    if (error instanceof ArchiveError) return undefined;
    throw error;
  }
}
