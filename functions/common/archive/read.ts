/** Finds archives, reads one while checking every part of it, and proves that one is whole. */
import { z } from 'zod';
import { decompress } from './compression.ts';
import {
  ARCHIVES_PREFIX,
  ArchiveError,
  decodeManifest,
  isArchiveName,
  manifestKey,
  partKey,
  verifiedKey,
  type ArchivePart,
  type Expected,
  type Manifest,
} from './manifest.ts';
import { RECORD_HEAD, digestRecords, eachRecord, sha256 } from './records.ts';
import type { ObjectStore } from './store/store.ts';

export async function loadManifest(store: ObjectStore, name: string, expected: Expected): Promise<Manifest> {
  const bytes = await store.get(manifestKey(name));
  if (bytes === undefined) {
    throw new ArchiveError('missing', `Archive ${name} does not exist: it has no manifest.`);
  }
  return decodeManifest(name, bytes, expected);
}

async function readPart(store: ObjectStore, manifest: Manifest, part: ArchivePart): Promise<Buffer> {
  const where = `Part ${part.name} of archive ${manifest.name}`;
  const body = await store.get(partKey(manifest.name, part.name));
  if (body === undefined) throw new ArchiveError('truncated', `${where} is missing.`);
  if (body.length < part.size) {
    throw new ArchiveError('truncated', `${where} has ${body.length} bytes of ${part.size}.`);
  }
  if (sha256(body) !== part.sha256) throw new ArchiveError('tampered', `${where} is not what was written.`);
  const records = await decompress(body, part.bytes).catch((error: unknown) => {
    throw new ArchiveError('tampered', `${where} cannot be decompressed.`, { cause: error });
  });
  checkRecords(where, records, part);
  return records;
}

/** As many as the manifest says, in the order of their keys, from its first to its last key. */
function checkRecords(where: string, records: Buffer, part: ArchivePart): void {
  let keys = 0;
  let previousStart = 0;
  let previousEnd = 0;
  let disorder = 0;
  try {
    eachRecord(records, (key, value) => {
      if (keys > 0 && records.compare(records, previousStart, previousEnd, key, value) <= 0) disorder += 1;
      keys += 1;
      previousStart = key;
      previousEnd = value;
    });
  } catch (error) {
    throw new ArchiveError('tampered', `${where} does not hold whole records.`, { cause: error });
  }
  const firstEnd = RECORD_HEAD + (records.length === 0 ? 0 : records.readUInt32BE(0));
  if (
    disorder > 0 ||
    keys !== part.keys ||
    records.length !== part.bytes ||
    records.toString('base64', RECORD_HEAD, firstEnd) !== part.firstKey ||
    records.toString('base64', previousStart, previousEnd) !== part.lastKey
  ) {
    throw new ArchiveError('tampered', `${where} does not hold the keys that the manifest says.`);
  }
}

/**
 * The records of an archive in blocks, one a part. The next part is fetched meanwhile. Whoever reads to the end has read
 * what the manifest says: else this throws.
 */
export async function* readArchive(store: ObjectStore, manifest: Manifest): AsyncGenerator<Buffer, void, void> {
  const digest = digestRecords();
  const fetchPart = (part: ArchivePart | undefined) => {
    if (part === undefined) return undefined;
    const fetched = readPart(store, manifest, part);
    // Awaited below; a reader that stops before leaves nobody to hear of its failure.
    fetched.catch(() => undefined);
    return fetched;
  };
  let next = fetchPart(manifest.parts[0]);
  for (const [index, part] of manifest.parts.entries()) {
    const block = await next;
    if (block === undefined) break;
    next = fetchPart(manifest.parts[index + 1]);
    digest.add(block, part.keys);
    yield block;
  }
  const { keys, sha256: hash } = digest.result();
  if (keys !== manifest.keys || hash !== manifest.recordsSha256) {
    throw new ArchiveError('tampered', `Archive ${manifest.name} does not hold the records that its manifest says.`);
  }
}

export interface Verification {
  readonly manifest: Manifest;
  readonly verifiedAt: string;
}

const verifiedSchema = z.object({ verifiedAt: z.iso.datetime(), checksum: z.string() });

/** Reads everything again and leaves a note beside the archive; throws why it cannot be used. */
export async function verifyArchive(store: ObjectStore, name: string, expected: Expected): Promise<Verification> {
  const manifest = await loadManifest(store, name, expected);
  const blocks = readArchive(store, manifest);
  while ((await blocks.next()).done !== true);
  const verifiedAt = expected.now.toISOString();
  await store.put(verifiedKey(name), Buffer.from(JSON.stringify({ verifiedAt, checksum: manifest.checksum })));
  return { manifest, verifiedAt };
}

export interface ListedArchive {
  readonly name: string;
  readonly manifest: Manifest;
  /** When it was last read through and found whole. */
  readonly verifiedAt?: string;
}
export interface Archives {
  /** Oldest first. */
  readonly usable: readonly ListedArchive[];
  /** With a manifest that is refused. */
  readonly unusable: readonly { readonly name: string; readonly error: ArchiveError }[];
  /** Without a manifest: under way, or left behind by a writer that ended. They do not exist for anybody else. */
  readonly unfinished: readonly string[];
}

async function verifiedAtOf(store: ObjectStore, manifest: Manifest): Promise<string | undefined> {
  const bytes = await store.get(verifiedKey(manifest.name));
  if (bytes === undefined) return undefined;
  try {
    const note = verifiedSchema.parse(JSON.parse(bytes.toString('utf8')));
    return note.checksum === manifest.checksum ? note.verifiedAt : undefined;
  } catch {
    return undefined;
  }
}

/** One archive by its manifest and the note that it was verified; nothing else of it is read. */
export async function showArchive(store: ObjectStore, name: string, expected: Expected): Promise<ListedArchive> {
  const manifest = await loadManifest(store, name, expected);
  const verifiedAt = await verifiedAtOf(store, manifest);
  return { name, manifest, ...(verifiedAt === undefined ? {} : { verifiedAt }) };
}

export async function listArchives(store: ObjectStore, expected: Expected): Promise<Archives> {
  const names = new Map<string, { manifest: boolean; verified: boolean }>();
  for await (const { key } of store.list(ARCHIVES_PREFIX)) {
    const [name = ''] = key.slice(ARCHIVES_PREFIX.length).split('/');
    if (!isArchiveName(name)) continue;
    const known = names.get(name) ?? { manifest: false, verified: false };
    if (key === manifestKey(name)) known.manifest = true;
    if (key === verifiedKey(name)) known.verified = true;
    names.set(name, known);
  }
  const usable: ListedArchive[] = [];
  const unusable: { name: string; error: ArchiveError }[] = [];
  for (const [name, found] of names) {
    if (!found.manifest) continue;
    try {
      const manifest = await loadManifest(store, name, expected);
      const verifiedAt = found.verified ? await verifiedAtOf(store, manifest) : undefined;
      usable.push({ name, manifest, ...(verifiedAt === undefined ? {} : { verifiedAt }) });
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      unusable.push({ name, error });
    }
  }
  return {
    usable,
    unusable,
    unfinished: [...names].filter(([, found]) => !found.manifest).map(([name]) => name),
  };
}

/** The manifest goes first: from then on the archive does not exist. */
export async function removeArchive(store: ObjectStore, name: string): Promise<void> {
  await store.remove([manifestKey(name)]);
  const rest: string[] = [];
  for await (const { key } of store.list(`${ARCHIVES_PREFIX}${name}/`)) rest.push(key);
  await store.remove(rest);
}
