/** What a real catalog names and what a real bucket holds, as a running Milvus 2.3.5 left them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRecords } from '../../../functions/common/archive/records.ts';
import { checkCatalog, describeFiles } from '../../../functions/common/catalog/missing.ts';
import { summarizeSegments } from '../../../functions/common/catalog/files.ts';
import { memoryStore } from '../archive/memory-store.ts';

const { records, objects } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/milvus-2.3.5.json'), 'utf8'),
) as { records: Record<string, string>; objects: string[] };
const RECORDS_A_BLOCK = 5;

async function* blocks() {
  const all = Object.keys(records)
    .sort()
    .map((key) => ({ key: Buffer.from(key), value: Buffer.from(records[key] ?? '', 'base64') }));
  for (let from = 0; from < all.length; from += RECORDS_A_BLOCK) {
    // As the parts of an archive come: later than asked for.
    await Promise.resolve();
    yield encodeRecords(all.slice(from, from + RECORDS_A_BLOCK));
  }
}

async function bucketWithout(...gone: readonly string[]) {
  const store = memoryStore();
  for (const key of objects) if (!gone.includes(key)) await store.put(key, Buffer.from('x'));
  return store;
}
const check = async (...gone: readonly string[]) => checkCatalog(blocks, await bucketWithout(...gone), 'demo');
const segments = Object.keys(records).flatMap((key) => /\/s\/\d+\/\d+\/(\d+)$/.exec(key)?.[1] ?? []);
const collectionOf = (key: string) => key.split('/')[1] ?? '';

test('everything that the catalog names is in the bucket', async () => {
  const { files, unflushed } = await check();
  expect(files).toMatchObject({ missing: 0, segments: 0, collections: 0, firstCollections: [], firstFiles: [] });
  expect(files.named).toBeGreaterThan(30);
  expect(unflushed).toEqual({ segments: 0, collections: 0, firstCollections: [] });
});

test('segments that were dropped are not looked for', async () => {
  const { dropped, segments } = await summarizeSegments(blocks, 'demo');
  expect([dropped.size, segments]).toEqual([1, 4]);
  const ofDropped = objects.filter((key) => [...dropped].some((segment) => key.includes(`/${segment}/`)));
  expect(ofDropped.length).toBeGreaterThan(4);
  expect((await check(...ofDropped)).files.missing).toBe(0);
});

test.each(objects.map((key) => [key]))('without %s exactly that is missing, or nobody named it', async (key) => {
  const [{ files: all }, { dropped }] = [await check(), await summarizeSegments(blocks, 'demo')];
  // One segment in the bucket is of a state that was undone: no catalog names it.
  const segment = segments.find((id) => key.includes(`/${id}/`));
  const isNamed = segment !== undefined && !dropped.has(segment);
  const { files } = await check(key);
  expect(files.named).toBe(all.named);
  expect(files.missing).toBe(isNamed ? 1 : 0);
  if (!isNamed) return;
  expect(files.firstFiles).toEqual([key]);
  expect(files.segments).toBe(1);
  expect(key).toContain(files.firstSegments[0]);
  if (!key.startsWith('index_files/')) expect(files.firstCollections).toEqual([collectionOf(key)]);
});

test('an empty bucket misses everything, of which the first are named', async () => {
  const { files } = await check(...objects);
  expect(files.missing).toBe(files.named);
  expect(files).toMatchObject({ segments: 4 });
  expect(files.firstCollections).toHaveLength(3);
  expect(files.firstFiles).toHaveLength(20);
});

test('what is missing is told with the segments that it belongs to', async () => {
  const [key = ''] = objects.filter((object) => object.startsWith('insert_log/'));
  const [, collection = '', , segment = ''] = key.split('/');
  const { files } = await check(...objects.filter((object) => object.includes(`/${segment}/`)));
  expect(files.firstCollections).toEqual([collection]);
  expect(describeFiles(files)).toContain(`1 segment(s) (${segment}) of 1 collection(s)`);
  expect(describeFiles({ ...files, segments: 30 })).toContain(`30 segment(s) (${segment}, ...)`);
});

test('what is in the bucket besides is of no interest', async () => {
  const store = await bucketWithout();
  for (const key of ['insert_log/1/2/3/100/4', 'insert_log/9/9/9/9/9', 'stats_log/5', 'index_files/7/1/2/3/HNSW']) {
    await store.put(key, Buffer.from('x'));
  }
  expect((await checkCatalog(blocks, store, 'demo')).files.missing).toBe(0);
});

test('the catalog of another cluster is not looked at', async () => {
  expect((await checkCatalog(blocks, await bucketWithout(), 'dem')).files.named).toBe(0);
});
