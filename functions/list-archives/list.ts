/** The archives of a cluster, newest first, a page of them. */
import { ARCHIVES_PREFIX, ArchiveError, isArchiveName } from '../common/archive/manifest.ts';
import { showArchive } from '../common/archive/read.ts';
import { logReaches } from '../common/archive/reach.ts';
import type { ObjectStore } from '../common/archive/store/store.ts';
import type { ClusterRecord } from '../common/cluster/record.ts';
import { archiveView, type ArchiveView } from '../common/http/archive-view.ts';

export interface ArchivePage {
  readonly archives: readonly ArchiveView[];
  readonly unusable: readonly { readonly name: string; readonly problem: string; readonly message: string }[];
  readonly next?: string;
}

export async function listPage(
  store: ObjectStore,
  { name: cluster, restoration }: Pick<ClusterRecord, 'name' | 'restoration'>,
  { limit, before }: { readonly limit: number; readonly before?: string | undefined },
  now: Date,
): Promise<ArchivePage> {
  const names = new Set<string>();
  for await (const { key } of store.list(ARCHIVES_PREFIX)) {
    const [name = '', file] = key.slice(ARCHIVES_PREFIX.length).split('/');
    if (isArchiveName(name) && file === 'manifest.json') names.add(name);
  }
  const older = [...names]
    .sort()
    .reverse()
    .filter((name) => before === undefined || name < before);
  const page = older.slice(0, limit);
  const reachOf = logReaches(store);
  const found = await Promise.all(
    page.map(async (name) => {
      try {
        const archive = await showArchive(store, name, { cluster, now });
        return archiveView(archive, await reachOf(archive.manifest), { undo: restoration?.undo, now });
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        return { name, problem: error.problem, message: error.message };
      }
    }),
  );
  const next = older.length > limit ? page.at(-1) : undefined;
  return {
    archives: found.filter((one) => 'revision' in one),
    unusable: found.filter((one) => 'problem' in one),
    ...(next === undefined ? {} : { next }),
  };
}
