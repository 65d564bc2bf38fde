import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { folderStore } from '../../../functions/common/archive/store/folder.ts';
import { s3Store } from '../../../functions/common/archive/store/s3.ts';

describe('a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redkite-store-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test('keeps objects under their keys', async () => {
    const store = folderStore(join(folder, 'made/when/needed'));
    expect(await store.get('a/1')).toBeUndefined();
    for (const key of ['a/2', 'a/1', 'b/1', 'a/10']) await store.put(key, Buffer.from(key));
    writeFileSync(join(folder, 'made/when/needed/a/3.unfinished'), '');
    const keysOf = async (prefix: string, after?: string) => {
      const keys: string[] = [];
      for await (const { key, size } of store.list(prefix, after)) keys.push(`${key} ${size}`);
      return keys;
    };
    expect(await keysOf('a/')).toEqual(['a/1 3', 'a/10 4', 'a/2 3']);
    expect(await keysOf('a/', 'a/10')).toEqual(['a/2 3']);
    expect((await store.get('b/1'))?.toString()).toBe('b/1');
    await store.remove(['a/1', 'a/10', 'gone']);
    expect(await keysOf('')).toEqual(['a/2 3', 'b/1 3']);
  });

  test('a folder that is not there is empty', async () => {
    for await (const object of folderStore(join(folder, 'nowhere')).list('')) expect(object).toBeUndefined();
  });
});

describe('S3', () => {
  const s3 = mockClient(S3Client);
  const store = s3Store(new S3Client({ region: 'eu-central-1' }), 'bucket', 'metadata/demo/');
  beforeEach(() => s3.reset());

  test('objects stand below the prefix of the cluster', async () => {
    s3.on(PutObjectCommand).resolves({});
    await store.put('archives/a', Buffer.from('x'));
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toMatchObject({
      Bucket: 'bucket',
      Key: 'metadata/demo/archives/a',
    });
  });

  test('what is not there is undefined, another failure is one', async () => {
    s3.on(GetObjectCommand).rejects(new NoSuchKey({ message: 'none', $metadata: {} }));
    expect(await store.get('a')).toBeUndefined();
    s3.on(GetObjectCommand).rejects(new Error('denied'));
    await expect(store.get('a')).rejects.toThrow('denied');
    const body = Object.assign(Readable.from([]), {
      transformToByteArray: () => Promise.resolve(new Uint8Array([1, 2])),
    });
    s3.on(GetObjectCommand).resolves({ Body: body as never });
    expect(await store.get('a')).toEqual(Buffer.of(1, 2));
  });

  test('lists page by page, from a key on', async () => {
    s3.on(ListObjectsV2Command)
      .resolvesOnce({
        Contents: [{ Key: 'metadata/demo/a', Size: 1 }],
        IsTruncated: true,
        NextContinuationToken: 'more',
      })
      .resolvesOnce({ Contents: [{ Key: 'metadata/demo/b', Size: 2 }] });
    const found: object[] = [];
    for await (const object of store.list('', '0')) found.push(object);
    expect(found).toEqual([
      { key: 'a', size: 1 },
      { key: 'b', size: 2 },
    ]);
    expect(s3.commandCalls(ListObjectsV2Command)[0]?.args[0].input).toMatchObject({
      Prefix: 'metadata/demo/',
      StartAfter: 'metadata/demo/0',
    });
  });

  test('removes a thousand at once, and says what it could not', async () => {
    s3.on(DeleteObjectsCommand).resolves({});
    await store.remove(Array.from({ length: 1_001 }, (_, index) => String(index)));
    expect(s3.commandCalls(DeleteObjectsCommand).map(({ args }) => args[0].input.Delete?.Objects?.length)).toEqual([
      1_000, 1,
    ]);
    s3.on(DeleteObjectsCommand).resolves({ Errors: [{ Key: 'k', Code: 'AccessDenied', Message: 'no' }] });
    await expect(store.remove(['k'])).rejects.toThrow('AccessDenied');
  });
});
