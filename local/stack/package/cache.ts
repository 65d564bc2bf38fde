/**
 * What is made from sources and shared by all copies of the repository: a folder an entry, named after what went in. An
 * entry is made aside and renamed, and says what each of its files must be; one that is damaged is made again.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { withLock } from '../../setup/lock.ts';

export interface Shelf {
  /** Absolute; holds the entries of one kind. */
  readonly folder: string;
  /** So many entries stay, the last used ones. */
  readonly keep: number;
}

export interface CachedFile {
  readonly content: Buffer;
  /** Of the content, in hexadecimal. */
  readonly sha256: string;
}

/** By name. They are in memory: nobody can take away or change what was checked. */
export type Entry = ReadonlyMap<string, CachedFile>;

const MANIFEST = 'manifest.json';
const manifestSchema = z.record(z.string(), z.string());

export const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** Undefined when it is not there, not complete or not what was put there. */
export function readEntry(folder: string): Entry | undefined {
  try {
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')));
    const entry = new Map<string, CachedFile>();
    for (const [name, expected] of Object.entries(manifest)) {
      const content = readFileSync(join(folder, name));
      if (sha256(content) !== expected) return undefined;
      entry.set(name, { content, sha256: expected });
    }
    const now = new Date();
    utimesSync(folder, now, now);
    return entry;
  } catch {
    return undefined;
  }
}

/** The entry of this key; `make` returns its files when there is none. One maker at a time on a shelf. */
export async function ensureEntry(
  shelf: Shelf,
  key: string,
  make: () => Promise<ReadonlyMap<string, Buffer | string>>,
  onWait?: () => void,
): Promise<Entry> {
  const folder = join(shelf.folder, key);
  const there = readEntry(folder);
  if (there !== undefined) return there;
  return withLock(
    `${shelf.folder}.lock`,
    async () => {
      const meanwhile = readEntry(folder);
      if (meanwhile !== undefined) return meanwhile;
      writeEntry(folder, await make());
      removeOldest(shelf);
      const made = readEntry(folder);
      if (made === undefined) throw new Error(`${folder} cannot be read back. Is the disk full or broken?`);
      return made;
    },
    onWait,
  );
}

function writeEntry(folder: string, files: ReadonlyMap<string, Buffer | string>): void {
  const aside = `${folder}.new`;
  for (const left of [folder, aside]) rmSync(left, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  const manifest: Record<string, string> = {};
  for (const [name, content] of files) {
    writeFileSync(join(aside, name), content);
    manifest[name] = sha256(typeof content === 'string' ? Buffer.from(content) : content);
  }
  writeFileSync(join(aside, MANIFEST), JSON.stringify(manifest));
  renameSync(aside, folder);
}

/** Nobody else makes entries meanwhile, so what is half made was left by somebody who died. */
function removeOldest({ folder, keep }: Shelf): void {
  const entries = readdirSync(folder)
    .map((name) => ({ path: join(folder, name), complete: !name.endsWith('.new') }))
    .map((entry) => ({ ...entry, usedAt: entry.complete ? statSync(entry.path).mtimeMs : 0 }))
    .toSorted((a, b) => b.usedAt - a.usedAt);
  for (const { path } of entries.filter(({ complete }, index) => !complete || index >= keep)) {
    rmSync(path, { recursive: true, force: true });
  }
}
