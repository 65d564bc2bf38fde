/** The minute of a cluster, against a real quorum: archives and change log as they would lie in S3, in a folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { folderStore } from '../../../functions/common/archive/store/folder.ts';
import { listArchives } from '../../../functions/common/archive/read.ts';
import { DEFAULT_RETENTION } from '../../../functions/common/archive/retention.ts';
import { replay } from '../../../functions/common/archive/replay.ts';
import { recordsIn } from '../../../functions/common/archive/records.ts';
import { clusterSpecSchema } from '../../../functions/common/cluster/spec.ts';
import { KEEPING_POLICY } from '../../../functions/common/keeping/decide.ts';
import { keepCluster } from '../../../functions/common/keeping/keep.ts';
import { getArchiveState } from '../../../functions/common/registry/archive-state.ts';
import { startEtcd, type EtcdQuorum } from '../../fixtures/etcd.ts';

const record = { name: 'demo', spec: clusterSpecSchema.parse({ name: 'demo' }) };
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const registry = { client, table: 'registry' };
const folder = mkdtempSync(join(tmpdir(), 'redkite-keeping-'));
const store = folderStore(folder);
let quorum: EtcdQuorum;
let now = new Date('2026-01-01T12:00:00Z');

beforeAll(async () => {
  const items = new Map<string, Record<string, unknown>>();
  const mock = mockClient(client);
  mock.on(PutCommand).callsFake(({ Item }: { Item: Record<string, unknown> }) => {
    items.set(`${String(Item['pk'])} ${String(Item['sk'])}`, Item);
    return {};
  });
  mock.on(GetCommand).callsFake(({ Key }: { Key: Record<string, unknown> }) => ({
    Item: items.get(`${String(Key['pk'])} ${String(Key['sk'])}`),
  }));
  quorum = await startEtcd();
});
afterAll(async () => {
  await quorum.close();
  rmSync(folder, { recursive: true });
});

const keep = (objects = store) =>
  keepCluster(
    { registry, store: objects, etcd: quorum.client, retention: DEFAULT_RETENTION },
    record,
    KEEPING_POLICY,
    () => now,
  );

async function restorable(): Promise<Record<string, string>> {
  const { usable } = await listArchives(store, { cluster: 'demo', now });
  const newest = usable.at(-1);
  if (newest === undefined) throw new Error('There is no archive.');
  const found: Record<string, string> = {};
  for await (const { key, value } of recordsIn((await replay(store, newest.manifest)).blocks())) {
    found[key.toString()] = value.toString();
  }
  return found;
}

test('a first archive, then the log after it, and nothing while nothing changes', async () => {
  await quorum.client.put({ key: 'a', value: '1' });
  expect(await keep()).toMatchObject({ action: 'archived' });
  expect(await keep()).toMatchObject({ action: 'up-to-date' });

  await quorum.client.put({ key: 'b', value: '2' });
  await quorum.client.deleteRange({ key: 'a' });
  now = new Date(now.getTime() + 60_000);
  expect(await keep()).toEqual({ action: 'shipped', changes: 2, asOf: now.toISOString() });
  expect(await restorable()).toEqual({ b: '2' });
  expect(await keep()).toMatchObject({ action: 'up-to-date' });
});

test('an archive again after an hour, and when the log was compacted away', async () => {
  now = new Date(now.getTime() + KEEPING_POLICY.archiveEveryMs);
  expect(await keep()).toMatchObject({ action: 'archived' });
  for (let n = 0; n < 5; n += 1) await quorum.client.put({ key: 'c', value: String(n) });
  const { revision } = await quorum.client.status();
  await quorum.client.compact(revision);
  expect(await keep()).toMatchObject({ action: 'archived' });
  expect(await restorable()).toEqual({ b: '2', c: '4' });
});

test('an archive is taken although nothing can be removed', async () => {
  now = new Date(now.getTime() + KEEPING_POLICY.archiveEveryMs);
  const old = 'archives/20250101T000000000Z-0000000000000001/part-00000';
  const young = `archives/${now.toISOString().replace(/[-:.]/g, '')}-0000000000000001/part-00000`;
  for (const key of [old, young]) await store.put(key, Buffer.from('of a writer that ended'));
  const refusing = { ...store, remove: () => Promise.reject(new Error('AccessDenied')) };
  expect(await keep(refusing)).toMatchObject({ action: 'archived' });
  expect(await store.get(old)).toBeDefined();
  // The next one does it.
  now = new Date(now.getTime() + KEEPING_POLICY.archiveEveryMs);
  expect(await keep()).toMatchObject({ action: 'archived' });
  expect(await store.get(old)).toBeUndefined();
  expect(await store.get(young)).toBeDefined();
  await store.remove([young]);
});

test('what retention lets go of is gone, with the log that only it needed', async () => {
  const before = (await getArchiveState(registry, 'demo'))?.archive.name;
  now = new Date(now.getTime() + 30 * 24 * 3_600_000);
  await quorum.client.put({ key: 'd', value: 'new' });
  expect(await keep()).toMatchObject({ action: 'archived' });
  const { usable } = await listArchives(store, { cluster: 'demo', now });
  expect(usable.map(({ name }) => name)).not.toContain(before);
  expect(usable).toHaveLength(1);
  const left: string[] = [];
  for await (const { key } of store.list('changes/')) left.push(key);
  expect(left).toEqual([]);
  expect(await restorable()).toEqual({ b: '2', c: '4', d: 'new' });
});
