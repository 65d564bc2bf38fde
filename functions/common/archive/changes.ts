/**
 * Ships the change log: what happened since the last segment, up to now, and then stops. Called every minute for every
 * cluster that is awake, so that a quorum that is lost takes at most a minute with it (decision 2 of the design).
 */
import { isEtcdError, type EtcdClient, type WatchEvent } from '../etcd/client.ts';
import { END_OF_KEYS, FIRST_KEY } from '../etcd/messages.ts';
import { ensureHistory, isOwnKey } from './own-keys.ts';
import {
  decodeSegment,
  encodeSegment,
  historyPrefix,
  parseSegmentKey,
  type Change,
  type SegmentName,
} from './segment.ts';
import type { ObjectStore } from './store/store.ts';

/** Up to where a history is kept: by a segment, or by the archive that the log begins at. */
export interface ChangePoint {
  readonly history: string;
  readonly revision: number;
  /** Of the segment that ends there; null when that is an archive. */
  readonly sha256: string | null;
}

export interface ShipOptions {
  readonly cluster: string;
  readonly after: ChangePoint;
  /** Asked before the quorum is. */
  readonly now: () => Date;
  readonly segmentBytes?: number;
  /** What is complete by then is shipped, the rest next time. */
  readonly timeoutMs?: number;
}

export type ShipResult =
  /** `complete`: up to everything that was acknowledged before `asOf`. */
  | {
      readonly outcome: 'shipped';
      readonly point: ChangePoint;
      readonly segments: readonly string[];
      readonly changes: number;
      readonly complete: boolean;
      readonly asOf: string;
    }
  | { readonly outcome: 'up-to-date'; readonly point: ChangePoint; readonly asOf: string }
  /** The log cannot go on from where it ended: take an archive, and begin there. */
  | { readonly outcome: 'needs-archive'; readonly reason: string };

export const SHIP_DEFAULTS = { segmentBytes: 4 * 1024 * 1024, timeoutMs: 30_000 } as const;

const NO_VALUE = Buffer.alloc(0);

/** Undefined for what is not part of the catalog. */
export function changeOf({ type, kv }: WatchEvent): Change | undefined {
  if (isOwnKey(kv.key)) return undefined;
  // A key with a lease is no data. It may have been without one before, so this removes it; if not, that is harmless.
  const put = type === 'put' && kv.lease === '0';
  return {
    revision: kv.modRevision,
    kind: put ? 'put' : 'delete',
    key: kv.key,
    value: put ? kv.value : NO_VALUE,
  };
}

export async function shipChanges(client: EtcdClient, store: ObjectStore, options: ShipOptions): Promise<ShipResult> {
  const { cluster, after, segmentBytes, timeoutMs } = { ...SHIP_DEFAULTS, ...options };
  const asOf = options.now().toISOString();
  const history = await ensureHistory(client);
  const { revision: current } = await client.range({ key: FIRST_KEY });
  if (history !== after.history) {
    return { outcome: 'needs-archive', reason: 'the quorum was made or restored since the log was begun' };
  }
  if (current < after.revision) {
    return {
      outcome: 'needs-archive',
      reason: `the quorum is at revision ${current}, before ${after.revision} where the log ends`,
    };
  }
  if (current === after.revision) return { outcome: 'up-to-date', point: after, asOf };
  try {
    // A watch may begin right at the compacted revision, but older etcd forgets the deletes of that revision: the log can
    // go on only where the revision that it ends at can still be read.
    await client.range({ key: FIRST_KEY, revision: after.revision });
  } catch (error) {
    if (isEtcdError(error, 'compacted')) return { outcome: 'needs-archive', reason: error.message };
    throw error;
  }

  let point = after;
  let changes: Change[] = [];
  let bytes = 0;
  let shipped = 0;
  const segments: string[] = [];
  // Changes of the revision that is still coming in are the last ones of `changes`, beyond `wholeTo`.
  let wholeTo = after.revision;

  const ship = async () => {
    if (wholeTo === point.revision) return;
    const whole = changes.filter(({ revision }) => revision <= wholeTo);
    const segment = await encodeSegment(
      {
        cluster,
        history,
        from: point.revision + 1,
        to: wholeTo,
        previous: point.sha256,
        asOf,
        complete: wholeTo >= current,
      },
      whole,
    );
    await store.put(segment.key, segment.bytes);
    segments.push(segment.key);
    shipped += whole.length;
    point = { history, revision: wholeTo, sha256: segment.sha256 };
    changes = changes.slice(whole.length);
    bytes = 0;
  };

  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const watched = client.watch({
      key: FIRST_KEY,
      rangeEnd: END_OF_KEYS,
      startRevision: after.revision + 1,
      signal,
    });
    for await (const { events, partial } of watched) {
      for (const event of events) {
        // An event of the next revision says that the one before it is complete. What is newer than the question is for the
        // next segment: of this one `asOf` has to tell when it was.
        wholeTo = Math.min(current, Math.max(wholeTo, event.kv.modRevision - 1));
        if (bytes >= segmentBytes) await ship();
        const change = changeOf(event);
        if (change === undefined) continue;
        changes.push(change);
        bytes += change.key.length + change.value.length;
      }
      if (!partial) wholeTo = Math.min(current, events.at(-1)?.kv.modRevision ?? wholeTo);
      if (wholeTo >= current) break;
    }
  } catch (error) {
    if (isEtcdError(error, 'compacted')) return { outcome: 'needs-archive', reason: error.message };
    // What is complete is worth keeping, whatever ended the watch; without anything the caller has to know.
    if (!isEtcdError(error) || wholeTo === after.revision) throw error;
  }
  await ship();
  return { outcome: 'shipped', point, segments, changes: shipped, complete: point.revision >= current, asOf };
}

/** In the order of their first revision. */
export async function listSegments(store: ObjectStore, history: string, after?: string): Promise<SegmentName[]> {
  const found: SegmentName[] = [];
  for await (const { key } of store.list(historyPrefix(history), after)) {
    const name = parseSegmentKey(key);
    if (name !== undefined) found.push(name);
  }
  return found;
}

/** Where the log of a history ends; `begin` (an archive of that history) when there is none, or when it is behind it. */
export async function lastPoint(
  store: ObjectStore,
  cluster: string,
  begin: { readonly history: string; readonly revision: number },
): Promise<ChangePoint> {
  const segments = await listSegments(store, begin.history);
  const last = segments.toSorted((a, b) => b.to - a.to)[0];
  if (last === undefined || last.to < begin.revision) return { ...begin, sha256: null };
  const bytes = await store.get(last.key);
  if (bytes === undefined) return { ...begin, sha256: null };
  const segment = await decodeSegment(last.key, bytes, { cluster, history: begin.history });
  return { history: begin.history, revision: segment.head.to, sha256: segment.sha256 };
}

/** Segments that no kept archive needs: those that end before the oldest one of their history. Pure. */
export function segmentsToRemove(
  segments: readonly SegmentName[],
  oldestKeptRevision: number | undefined,
): readonly SegmentName[] {
  return segments.filter(({ to }) => oldestKeptRevision === undefined || to <= oldestKeptRevision);
}
