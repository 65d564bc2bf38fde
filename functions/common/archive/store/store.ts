/**
 * Where archives and change logs are kept: what they need of S3 and no more. A store is one cluster's: its adapters put a
 * prefix before every key. Objects are at most a few MiB, so they are read and written whole.
 */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
}

export interface ObjectStore {
  readonly put: (key: string, body: Uint8Array) => Promise<void>;
  /** Undefined when there is none. */
  readonly get: (key: string) => Promise<Buffer | undefined>;
  /** In the order of keys (UTF-8 binary order, as S3 lists). `after`: only keys behind this one. */
  readonly list: (prefix: string, after?: string) => AsyncIterable<StoredObject>;
  readonly remove: (keys: readonly string[]) => Promise<void>;
}
