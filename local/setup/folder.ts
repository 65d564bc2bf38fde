/** Folders of the shared cache that are made once, by whichever copy of the repository comes first. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { withLock } from './lock.ts';

/** All or nothing: `make` fills a folder aside, and one that has the name is complete. */
export async function ensureFolder(
  folder: string,
  make: (aside: string) => Promise<void>,
  onWait?: () => void,
): Promise<void> {
  if (existsSync(folder)) return;
  await withLock(
    `${folder}.lock`,
    async () => {
      if (existsSync(folder)) return;
      const aside = `${folder}.unfinished`;
      rmSync(aside, { recursive: true, force: true });
      mkdirSync(aside, { recursive: true });
      await make(aside);
      renameSync(aside, folder);
    },
    onWait,
  );
}
