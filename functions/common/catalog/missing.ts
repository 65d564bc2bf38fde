/**
 * Which of the files that a catalog names are not in the bucket (any more). Milvus removes the files of segments that it has
 * compacted or dropped; an older catalog still names them. Files of segments are compared in one walk through both, in
 * constant memory; those of indexes, whose folders have another order, by one listing a build, a few at a time.
 */
import { mergeByKey } from '../archive/compare.ts';
import type { ObjectStore } from '../archive/store/store.ts';
import { indexBuilds, logFiles, summarizeSegments, type Blocks, type NamedFile, type SegmentSummary } from './files.ts';
import { LOG_KINDS, logFolder } from './layout.ts';
import { MOST_NAMED, boundedText } from '../lambda/bounded.ts';

/** Listings at the same time, beside one for each kind of log. */
const BUILDS_AT_ONCE = 16;
export interface MissingFiles {
  /** Files that the catalog names. */
  readonly named: number;
  readonly missing: number;
  readonly collections: number;
  readonly segments: number;
  /** Ids, the first ones where there are many. */
  readonly firstCollections: readonly string[];
  readonly firstSegments: readonly string[];
  /** Keys in the bucket, below the cluster's prefix. */
  readonly firstFiles: readonly string[];
}

export interface CatalogCheck {
  readonly files: MissingFiles;
  readonly unflushed: SegmentSummary['unflushed'];
}

export function describeFiles({ named, missing, segments, collections, firstSegments }: MissingFiles): string {
  const more = segments > firstSegments.length ? ', ...' : '';
  return missing === 0
    ? `All ${named} files that this state names are in the bucket.`
    : `Of ${named} files that this state names, ${missing} are not in the bucket any more: ` +
        `${segments} segment(s) (${firstSegments.join(', ')}${more}) of ${collections} collection(s).`;
}

class Tally {
  named = 0;
  missing = 0;
  private readonly collections = new Set<string>();
  private readonly segments = new Set<string>();
  private readonly files: string[] = [];

  absent({ key, collection, segment }: NamedFile): void {
    this.missing += 1;
    this.collections.add(collection);
    this.segments.add(segment);
    if (this.files.length < MOST_NAMED) this.files.push(boundedText(key.toString()));
  }

  result(): MissingFiles {
    return {
      ...{ named: this.named, missing: this.missing },
      ...{ collections: this.collections.size, firstCollections: [...this.collections].slice(0, MOST_NAMED) },
      ...{ segments: this.segments.size, firstSegments: [...this.segments].slice(0, MOST_NAMED) },
      firstFiles: this.files.toSorted(),
    };
  }
}

async function* listed(objects: ObjectStore, prefix: string) {
  for await (const { key } of objects.list(prefix)) yield { key: Buffer.from(key) };
}

/** `objects`: what Milvus wrote, below its own root. */
export async function checkCatalog(blocks: Blocks, objects: ObjectStore, cluster: string): Promise<CatalogCheck> {
  const { dropped, unflushed } = await summarizeSegments(blocks, cluster);
  const tally = new Tally();
  const compare = async (files: AsyncIterable<NamedFile>, prefix: string) => {
    for await (const { left, right } of mergeByKey(files, listed(objects, prefix))) {
      if (left === undefined) continue;
      tally.named += 1;
      if (right === undefined) tally.absent(left);
    }
  };
  const builds = indexBuilds(blocks, cluster, dropped);
  const lane = async () => {
    for (let next = await builds.next(); next.done !== true; next = await builds.next()) {
      const { folder, files } = next.value;
      const there = new Set<string>();
      for await (const { key } of objects.list(folder)) there.add(key);
      for (const file of files) {
        tally.named += 1;
        if (!there.has(file.key.toString())) tally.absent(file);
      }
    }
  };
  await Promise.all([
    ...LOG_KINDS.map((kind) => compare(logFiles(blocks, cluster, kind, dropped), logFolder(kind))),
    ...Array.from({ length: BUILDS_AT_ONCE }, lane),
  ]);
  return { files: tally.result(), unflushed };
}
