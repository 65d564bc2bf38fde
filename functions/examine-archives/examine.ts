/** Reads archives for people: is one whole, and what differs between two? Runs as long as it takes, not within a request. */
import { compareArchives, type Difference } from '../common/archive/compare.ts';
import { loadManifest, readArchive, verifyArchive } from '../common/archive/read.ts';
import type { ObjectStore } from '../common/archive/store/store.ts';
import { boundedText } from '../common/lambda/bounded.ts';

/** Of each kind; whoever needs more restores both and looks. */
const NAMED_KEYS = 50;
/** Bytes of one; those that Milvus writes are shorter. */
const MOST_KEY = 500;

export interface VerifyAnswer {
  readonly archive: string;
  readonly verifiedAt: string;
  readonly keys: number;
  readonly revision: number;
}

export async function verify(store: ObjectStore, cluster: string, name: string, now: Date): Promise<VerifyAnswer> {
  const { manifest, verifiedAt } = await verifyArchive(store, name, { cluster, now });
  return { archive: name, verifiedAt, keys: manifest.keys, revision: manifest.revision };
}

export interface CompareAnswer {
  readonly from: string;
  readonly to: string;
  readonly counts: Readonly<Record<Difference['kind'], number>>;
  /** The first keys of each kind as text; never a value. */
  readonly first: Readonly<Record<Difference['kind'], readonly string[]>>;
}

export async function compare(
  store: ObjectStore,
  cluster: string,
  { from, to }: { readonly from: string; readonly to: string },
  now: Date,
): Promise<CompareAnswer> {
  const blocksOf = async (name: string) => readArchive(store, await loadManifest(store, name, { cluster, now }));
  const [before, after] = await Promise.all([blocksOf(from), blocksOf(to)]);
  return { from, to, ...(await namesOf(compareArchives(before, after))) };
}

/** How many there are of each kind, and the first of them. */
export async function namesOf(
  differences: AsyncIterable<Difference>,
): Promise<Pick<CompareAnswer, 'counts' | 'first'>> {
  const counts = { added: 0, removed: 0, changed: 0 };
  const first = { added: [] as string[], removed: [] as string[], changed: [] as string[] };
  for await (const { kind, key } of differences) {
    counts[kind] += 1;
    if (first[kind].length < NAMED_KEYS) first[kind].push(boundedText(key.toString(), MOST_KEY));
  }
  return { counts, first };
}
