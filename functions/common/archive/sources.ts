/** What can be restored: an archive as it is, or an archive and the change log after it, up to a revision or a time. */
import type { Manifest } from './manifest.ts';
import { readArchive } from './read.ts';
import { replay, type Replay, type ReplayTarget } from './replay.ts';
import { restoreId, type RestoreSource } from './restore.ts';
import type { ObjectStore } from './store/store.ts';

export function archiveSource(store: ObjectStore, manifest: Manifest): RestoreSource {
  return {
    id: restoreId(manifest.name, { checksum: manifest.checksum }),
    blocks: () => readArchive(store, manifest),
    expected: { keys: manifest.keys, sha256: manifest.recordsSha256 },
  };
}

/** A caller that comes again for the same restore has to ask for the revision that it was told: the log may have grown. */
export async function replaySource(
  store: ObjectStore,
  manifest: Manifest,
  target: ReplayTarget = {},
): Promise<RestoreSource & { readonly replay: Replay }> {
  const replayed = await replay(store, manifest, target);
  return {
    id: restoreId(manifest.name, { checksum: manifest.checksum, revision: replayed.revision }),
    blocks: replayed.blocks,
    replay: replayed,
  };
}
