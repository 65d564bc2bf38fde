import { S3Client } from '@aws-sdk/client-s3';
import { store, type Store } from '../common/store.ts';

/** Hands the store on under another type. */
const reader: { readonly source: Pick<Store, 'get'> } = { source: store(new S3Client({}), 'bucket') };
const read = ({ source: { get } }: typeof reader, key: string) => get(key);

export const handler = ({ key }: { key: string }): Promise<unknown> => read(reader, key);
