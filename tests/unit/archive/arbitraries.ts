/** Keys and values of all shapes, and small archives made of them. */
import fc from 'fast-check';
import { compress } from '../../../functions/common/archive/compression.ts';
import {
  archiveName,
  encodeManifest,
  manifestKey,
  partKey,
  partName,
  type Manifest,
  type ManifestContent,
} from '../../../functions/common/archive/manifest.ts';
import { encodeRecords, sha256 } from '../../../functions/common/archive/records.ts';
import type { ObjectStore } from '../../../functions/common/archive/store/store.ts';

export type Catalog = ReadonlyMap<string, Buffer>;

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));

/** Few different keys, so that they meet. */
export const keyArbitrary = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map((n) => Buffer.from(`by-dev/${n}`)),
  bytes(1, 3),
);
export const valueArbitrary = bytes(0, 40);

export const catalogArbitrary: fc.Arbitrary<Catalog> = fc
  .array(fc.tuple(keyArbitrary, valueArbitrary), { maxLength: 40 })
  .map((pairs) => new Map(pairs.map(([key, value]) => [key.toString('latin1'), value])));

export const recordsOfCatalog = (catalog: Catalog) =>
  [...catalog.keys()].sort().map((key) => ({
    key: Buffer.from(key, 'latin1'),
    value: catalog.get(key) ?? Buffer.alloc(0),
  }));

export const CREATED = new Date('2026-03-01T12:00:00.000Z');
export const EXPECTED = { cluster: 'demo', now: new Date('2026-03-01T12:30:00.000Z') };

/** Writes an archive of these records into the store, one part for every `recordsAPart` of them. */
export async function archiveOf(
  store: ObjectStore,
  catalog: Catalog,
  { recordsAPart = 3, ...changes }: Partial<ManifestContent> & { recordsAPart?: number } = {},
): Promise<Manifest> {
  const records = recordsOfCatalog(catalog);
  const revision = changes.revision ?? 7;
  const name =
    changes.name ?? archiveName(changes.createdAt === undefined ? CREATED : new Date(changes.createdAt), revision);
  const parts: ManifestContent['parts'] = [];
  for (let index = 0; index < records.length; index += recordsAPart) {
    const group = records.slice(index, index + recordsAPart);
    const block = encodeRecords(group);
    const body = await compress(block);
    const part = partName(parts.length);
    parts.push({
      name: part,
      keys: group.length,
      bytes: block.length,
      size: body.length,
      sha256: sha256(body),
      firstKey: group[0]?.key.toString('base64') ?? '',
      lastKey: group.at(-1)?.key.toString('base64') ?? '',
    });
    await store.put(partKey(name, part), body);
  }
  const all = encodeRecords(records);
  const { manifest, bytes: body } = encodeManifest({
    format: 'redkite-archive/1',
    name,
    cluster: 'demo',
    createdAt: CREATED.toISOString(),
    revision,
    read: 'linearizable',
    history: 'history-1',
    etcdClusterId: '14841639068965178418',
    etcdVersion: '3.6.16',
    milvusVersion: '2.3.5',
    keys: records.length,
    bytes: all.length,
    leasedKeys: 0,
    recordsSha256: sha256(all),
    compression: 'zstd',
    parts,
    ...changes,
  });
  await store.put(manifestKey(name), body);
  return manifest;
}
