/**
 * A segment of the change log: every change of the catalog from one revision to another, whole revisions only. Each names
 * the hash of the one before it, and begins at the revision after it, so a gap or a segment of another history shows.
 *
 * One object: length of the head (32 bits, big endian), head as JSON, changes compressed. A change: revision (64 bits),
 * kind (8 bits: 0 put, 1 delete), then the key and the value as in records.ts.
 */
import { z } from 'zod';
import { compress, decompress } from './compression.ts';
import { ArchiveError } from './manifest.ts';
import { RECORD_HEAD, sha256, writeHead } from './records.ts';

const FORMAT_NAME = 'redkite-changes';
export const SEGMENT_VERSION = 1;
const REVISION_BYTES = 8;
const CHANGE_HEAD = REVISION_BYTES + 1 + RECORD_HEAD;
/** A head is some hundred bytes; what claims more is no segment. */
const MOST_HEAD_BYTES = 64 * 1024;

export interface Change {
  readonly revision: number;
  readonly kind: 'put' | 'delete';
  readonly key: Buffer;
  /** Empty for a delete. */
  readonly value: Buffer;
}

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const headSchema = z.strictObject({
  format: z.literal(`${FORMAT_NAME}/${SEGMENT_VERSION}`),
  cluster: z.string(),
  history: z.string(),
  from: z.int().positive(),
  to: z.int().positive(),
  /** Hash of the segment that ends at `from` - 1; null for the first of its history. */
  previous: hash.nullable(),
  changes: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  bodySha256: hash,
  asOf: z.iso.datetime(),
  /** Everything that was acknowledged before `asOf` has a revision up to `to`; else more of it follows. */
  complete: z.boolean(),
});
export type SegmentHead = z.infer<typeof headSchema>;

/** A segment by its name: what can be known without reading it. */
export interface SegmentName {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** The first digits of its hash: what was shipped twice does not overwrite itself. */
  readonly hash: string;
}

export const CHANGES_PREFIX = 'changes/';
const HASH_DIGITS = 16;
const padded = (revision: number) => String(revision).padStart(16, '0');
export const historyPrefix = (history: string) => `${CHANGES_PREFIX}${history}/`;
/** Sorts behind every segment that begins at or before `revision`. */
export const afterRevision = (history: string, revision: number) => `${historyPrefix(history)}${padded(revision)}~`;

export function segmentKey({ history, from, to }: Pick<SegmentHead, 'history' | 'from' | 'to'>, sha: string): string {
  return `${historyPrefix(history)}${padded(from)}-${padded(to)}-${sha.slice(0, HASH_DIGITS)}`;
}

const SEGMENT_KEY = /\/(?<from>\d{16})-(?<to>\d{16})-(?<hash>[0-9a-f]{16})$/;
export function parseSegmentKey(key: string): SegmentName | undefined {
  const groups = SEGMENT_KEY.exec(key)?.groups;
  if (groups?.['from'] === undefined) return undefined;
  return { key, from: Number(groups['from']), to: Number(groups['to']), hash: groups['hash'] ?? '' };
}

function encodeChanges(changes: readonly Change[]): Buffer {
  const length = changes.reduce((sum, { key, value }) => sum + CHANGE_HEAD + key.length + value.length, 0);
  const body = Buffer.allocUnsafe(length);
  let position = 0;
  for (const { revision, kind, key, value } of changes) {
    position = body.writeBigUInt64BE(BigInt(revision), position);
    position = body.writeUInt8(kind === 'put' ? 0 : 1, position);
    position = writeHead(body, key.length, value.length, position);
    position += key.copy(body, position);
    position += value.copy(body, position);
  }
  return body;
}

function decodeChanges(body: Buffer): Change[] {
  const changes: Change[] = [];
  let position = 0;
  while (position < body.length) {
    if (position + CHANGE_HEAD > body.length) throw new RangeError('It ends within the head of a change.');
    const revision = Number(body.readBigUInt64BE(position));
    const kind = body.readUInt8(position + REVISION_BYTES) === 0 ? 'put' : 'delete';
    const head = position + REVISION_BYTES + 1;
    const key = head + RECORD_HEAD;
    const value = key + body.readUInt32BE(head);
    const end = value + body.readUInt32BE(head + 4);
    if (end > body.length) throw new RangeError('It ends within a change.');
    changes.push({ revision, kind, key: body.subarray(key, value), value: body.subarray(value, end) });
    position = end;
  }
  return changes;
}

export type SegmentFacts = Omit<SegmentHead, 'format' | 'changes' | 'bytes' | 'bodySha256'>;

export async function encodeSegment(
  facts: SegmentFacts,
  changes: readonly Change[],
): Promise<{ key: string; sha256: string; bytes: Buffer }> {
  const raw = encodeChanges(changes);
  const body = await compress(raw);
  const head = headSchema.parse({
    format: `${FORMAT_NAME}/${SEGMENT_VERSION}`,
    ...facts,
    changes: changes.length,
    bytes: raw.length,
    bodySha256: sha256(body),
  } satisfies SegmentHead);
  const headBytes = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(headBytes.length);
  const bytes = Buffer.concat([length, headBytes, body]);
  const sha = sha256(bytes);
  return { key: segmentKey(facts, sha), sha256: sha, bytes };
}

export interface Segment {
  readonly key: string;
  readonly sha256: string;
  readonly head: SegmentHead;
  readonly changes: readonly Change[];
}

function decodeHead(key: string, bytes: Buffer): { head: SegmentHead; bodyStart: number } {
  const refuse = (problem: 'truncated' | 'tampered' | 'foreign' | 'future', what: string) =>
    new ArchiveError(problem, `Segment ${key} ${what}.`);
  const length = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
  if (length === 0 || length > MOST_HEAD_BYTES || bytes.length < 4 + length) throw refuse('truncated', 'is not whole');
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8', 4, 4 + length));
  } catch {
    throw refuse('tampered', 'has no readable head');
  }
  const format = z.object({ format: z.string() }).safeParse(json);
  const [family, version] = format.success ? format.data.format.split('/') : [];
  if (family !== FORMAT_NAME) throw refuse('foreign', 'is no change log of Redkite');
  if (Number(version) > SEGMENT_VERSION)
    throw refuse('future', `has format ${version ?? ''}, which is newer than this`);
  const head = headSchema.safeParse(json);
  if (!head.success) throw refuse('tampered', `has a wrong head: ${z.prettifyError(head.error)}`);
  return { head: head.data, bodyStart: 4 + length };
}

/** Returns the segment, or throws why it cannot be used. */
export async function decodeSegment(
  key: string,
  bytes: Buffer,
  expected: { readonly cluster: string; readonly history: string },
): Promise<Segment> {
  const { head, bodyStart } = decodeHead(key, bytes);
  const refuse = (problem: 'truncated' | 'tampered' | 'foreign', what: string, cause?: unknown) =>
    new ArchiveError(problem, `Segment ${key} ${what}.`, { cause });
  if (head.cluster !== expected.cluster || head.history !== expected.history) {
    throw refuse('foreign', `is of cluster ${head.cluster} and history ${head.history}`);
  }
  const sha = sha256(bytes);
  const body = bytes.subarray(bodyStart);
  if (segmentKey(head, sha) !== key || sha256(body) !== head.bodySha256) {
    throw refuse('tampered', 'is not what was written');
  }
  let changes: Change[];
  try {
    changes = head.bytes === 0 ? [] : decodeChanges(await decompress(body, head.bytes));
  } catch (error) {
    throw refuse('tampered', 'cannot be read', error);
  }
  let last = head.from;
  for (const { revision } of changes) {
    if (revision < last || revision > head.to) throw refuse('tampered', 'has changes outside of its revisions');
    last = revision;
  }
  if (changes.length !== head.changes) throw refuse('tampered', 'does not hold the changes that its head says');
  return { key, sha256: sha, head, changes };
}
