/**
 * An archive's manifest: what it holds and how to tell that it is whole. Written last, so an archive without one does not
 * exist. Its checks are pure: a manifest that passes says which parts to read and what they must hold.
 */
import { z } from 'zod';
import { RedkiteError } from '../lambda/errors.ts';
import { sha256 } from './records.ts';

const FORMAT_NAME = 'redkite-archive';
export const FORMAT_VERSION = 1;
/** Clocks of functions differ by seconds; what is further ahead was not written by one of ours. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

const partSchema = z.strictObject({
  name: z.string().regex(/^part-\d{5,}$/),
  keys: z.int().positive(),
  /** As records, before compression. */
  bytes: z.int().positive(),
  size: z.int().positive(),
  /** Of the object as it is stored. */
  sha256: hash,
  firstKey: z.base64(),
  lastKey: z.base64(),
});

const contentSchema = z.strictObject({
  format: z.literal(`${FORMAT_NAME}/${FORMAT_VERSION}`),
  name: z.string().min(1),
  cluster: z.string().min(1),
  createdAt: z.iso.datetime(),
  revision: z.int().positive(),
  /** How it was read: linearizable from a quorum, or serializable from a survivor without one. */
  read: z.enum(['linearizable', 'serializable']),
  /** The run of revisions that a change log can follow; null when a survivor did not know it. */
  history: z.string().nullable(),
  etcdClusterId: z.string(),
  etcdVersion: z.string(),
  milvusVersion: z.string(),
  keys: count,
  bytes: count,
  /** Left out: sessions of the past. */
  leasedKeys: count,
  /** Over all records in order, however they are cut into parts. */
  recordsSha256: hash,
  compression: z.literal('zstd'),
  parts: z.array(partSchema),
});

const manifestSchema = contentSchema.extend({
  /** Of the manifest without this line. */
  checksum: hash,
});

export type ArchivePart = z.infer<typeof partSchema>;
export type ManifestContent = z.infer<typeof contentSchema>;
export type Manifest = z.infer<typeof manifestSchema>;

/** Why an archive or a segment of a change log is refused. */
export type Unusable = 'missing' | 'tampered' | 'truncated' | 'empty' | 'foreign' | 'future' | 'gap';

/** Messages travel through state machines and the registry, and what is wrong with an object may be wrong in a thousand places. */
const MOST_MESSAGE = 500;

export class ArchiveError extends RedkiteError {
  readonly problem: Unusable;
  constructor(problem: Unusable, message: string, options?: ErrorOptions) {
    super(
      'ArchiveUnusable',
      message.length > MOST_MESSAGE ? `${message.slice(0, MOST_MESSAGE)} ...` : message,
      options,
    );
    this.problem = problem;
  }
}

/** Sorts by time, then by revision; follows from what the archive is. */
export function archiveName(createdAt: Date, revision: number): string {
  return `${createdAt.toISOString().replace(/[-:.]/g, '')}-${String(revision).padStart(16, '0')}`;
}
const ARCHIVE_NAME = /^\d{8}T\d{9}Z-\d{16}$/;
export const isArchiveName = (name: string) => ARCHIVE_NAME.test(name);

/** When an archive of this name was begun; undefined when that is no moment. */
export function archiveTime(name: string): Date | undefined {
  const at = new Date(name.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d)(\d{3}Z)-.*$/, '$1-$2-$3:$4:$5.$6'));
  return Number.isNaN(at.getTime()) ? undefined : at;
}

export const ARCHIVES_PREFIX = 'archives/';
export const manifestKey = (name: string) => `${ARCHIVES_PREFIX}${name}/manifest.json`;
export const verifiedKey = (name: string) => `${ARCHIVES_PREFIX}${name}/verified.json`;
export const partKey = (name: string, part: string) => `${ARCHIVES_PREFIX}${name}/${part}`;
export const partName = (index: number) => `part-${String(index).padStart(5, '0')}`;

const checksumOf = (content: ManifestContent) => sha256(Buffer.from(JSON.stringify(contentSchema.parse(content))));

export function encodeManifest(content: ManifestContent): { manifest: Manifest; bytes: Buffer } {
  const manifest = { ...contentSchema.parse(content), checksum: checksumOf(content) };
  return { manifest, bytes: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) };
}

function parseJson(name: string, bytes: Buffer): unknown {
  if (bytes.length === 0) throw new ArchiveError('truncated', `The manifest of archive ${name} is empty.`);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ArchiveError('truncated', `The manifest of archive ${name} is not whole.`, { cause: error });
  }
}

/** Refused before anything else is read: a newer format may mean anything. */
function checkFormat(name: string, json: unknown): void {
  const format = z.object({ format: z.string() }).safeParse(json);
  const [family, version] = format.success ? format.data.format.split('/') : [];
  if (family !== FORMAT_NAME) throw new ArchiveError('foreign', `${name} is no archive of Redkite.`);
  if (Number(version) > FORMAT_VERSION) {
    throw new ArchiveError(
      'future',
      `Archive ${name} has format ${version ?? ''}, and this Redkite reads up to ${FORMAT_VERSION}. Deploy the version that wrote it.`,
    );
  }
}

function checkParts(manifest: Manifest): void {
  const { name, parts } = manifest;
  const sum = (field: 'keys' | 'bytes') => parts.reduce((total, part) => total + part[field], 0);
  if (sum('keys') !== manifest.keys || sum('bytes') !== manifest.bytes) {
    throw new ArchiveError('tampered', `The parts of archive ${name} do not add up to what its manifest says.`);
  }
  let last: Buffer | undefined;
  for (const [index, part] of parts.entries()) {
    const first = Buffer.from(part.firstKey, 'base64');
    if (part.name !== partName(index) || (last !== undefined && Buffer.compare(last, first) >= 0)) {
      throw new ArchiveError('tampered', `The parts of archive ${name} are not in order at ${part.name}.`);
    }
    last = Buffer.from(part.lastKey, 'base64');
  }
}

export interface Expected {
  readonly cluster: string;
  readonly now: Date;
}

/** Returns the manifest of a usable archive, or throws why it is not one. */
export function decodeManifest(name: string, bytes: Buffer, { cluster, now }: Expected): Manifest {
  const json = parseJson(name, bytes);
  checkFormat(name, json);
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    throw new ArchiveError('tampered', `The manifest of archive ${name} is wrong: ${z.prettifyError(parsed.error)}`);
  }
  const { checksum, ...content } = parsed.data;
  if (checksumOf(content) !== checksum || content.name !== name) {
    throw new ArchiveError('tampered', `The manifest of archive ${name} was changed after it was written.`);
  }
  if (content.cluster !== cluster) {
    throw new ArchiveError('foreign', `Archive ${name} is of cluster ${content.cluster}, not of ${cluster}.`);
  }
  const createdAt = new Date(content.createdAt);
  if (createdAt.getTime() > now.getTime() + CLOCK_TOLERANCE_MS) {
    throw new ArchiveError('future', `Archive ${name} is from ${content.createdAt}, which is in the future.`);
  }
  if (archiveName(createdAt, content.revision) !== name) {
    throw new ArchiveError('tampered', `Archive ${name} does not have the name that its time and revision give.`);
  }
  checkParts(parsed.data);
  if (content.keys === 0) throw new ArchiveError('empty', `Archive ${name} holds no key.`);
  return parsed.data;
}
