/** Archives in a folder: for tests and benchmarks, and for looking into one by hand. */
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { ObjectStore, StoredObject } from './store.ts';

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

export function folderStore(folder: string): ObjectStore {
  const file = (key: string) => join(folder, key);
  return {
    put: async (key, body) => {
      await mkdir(dirname(file(key)), { recursive: true });
      // As in S3: a whole object or none.
      await writeFile(`${file(key)}.unfinished`, body);
      await rename(`${file(key)}.unfinished`, file(key));
    },
    get: async (key) => {
      try {
        return await readFile(file(key));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    list: async function* (prefix, after): AsyncGenerator<StoredObject> {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      });
      const keys = entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.unfinished'))
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
        .filter((key) => key.startsWith(prefix) && (after === undefined || key > after));
      for (const key of keys.toSorted()) yield { key, size: (await stat(file(key))).size };
    },
    remove: async (keys) => {
      for (const key of keys) await rm(file(key), { force: true });
    },
  };
}
