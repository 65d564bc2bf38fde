import {
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';

export interface Store {
  readonly get: (key: string) => Promise<unknown>;
  readonly put: (key: string) => Promise<unknown>;
}

export function store(client: S3Client, bucket: string): Store {
  return {
    get: (Key) => client.send(new GetObjectCommand({ Bucket: bucket, Key })),
    put: (Key) => client.send(new PutObjectCommand({ Bucket: bucket, Key })),
  };
}

/** Beside what is used, and used by nobody. */
export async function firstPage(client: S3Client, bucket: string): Promise<ListObjectsV2CommandOutput | undefined> {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket })) return page;
  return undefined;
}
