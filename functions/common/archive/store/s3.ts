/** Archives in the bucket, below a prefix of the cluster's own. */
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectStore, StoredObject } from './store.ts';

/** Limit of DeleteObjects. */
const DELETE_AT_ONCE = 1_000;

export function s3Store(client: S3Client, bucket: string, prefix: string): ObjectStore {
  const full = (key: string) => `${prefix}${key}`;
  return {
    put: async (key, body) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: full(key), Body: body }));
    },
    get: async (key) => {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: full(key) }));
        if (Body === undefined) return undefined;
        const bytes = await Body.transformToByteArray();
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    list: async function* (below, after): AsyncGenerator<StoredObject> {
      const pages = paginateListObjectsV2(
        { client },
        { Bucket: bucket, Prefix: full(below), ...(after === undefined ? {} : { StartAfter: full(after) }) },
      );
      for await (const { Contents = [] } of pages) {
        for (const { Key, Size } of Contents) {
          if (Key !== undefined) yield { key: Key.slice(prefix.length), size: Size ?? 0 };
        }
      }
    },
    remove: async (keys) => {
      for (let index = 0; index < keys.length; index += DELETE_AT_ONCE) {
        const { Errors = [] } = await client.send(
          new DeleteObjectsCommand({
            Bucket: bucket,
            Delete: {
              Objects: keys.slice(index, index + DELETE_AT_ONCE).map((key) => ({ Key: full(key) })),
              Quiet: true,
            },
          }),
        );
        const [error] = Errors;
        if (error !== undefined) {
          throw new Error(
            `S3 did not remove ${Errors.length} objects of ${bucket}, ${error.Key ?? ''} first: ` +
              `${error.Code ?? ''} ${error.Message ?? ''}`,
          );
        }
      }
    },
  };
}
