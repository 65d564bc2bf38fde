/** The files that something is made from, and their hash. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { sha256 } from './cache.ts';

/** Paths relative to the root, of each file of `paths` and of all folders below them; in a fixed order. */
export function filesBelow(root: string, paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const absolute = join(root, path);
    if (!statSync(absolute).isDirectory()) return [path];
    return readdirSync(absolute, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .toSorted();
  });
}

/** Changes when one of the files is changed, added, taken away or renamed, and when anything in `others` is. */
export function fingerprint(root: string, paths: readonly string[], others: unknown): string {
  const files = filesBelow(root, paths).map((file) => [file, sha256(readFileSync(join(root, file)))]);
  return sha256(JSON.stringify([files, others]));
}
