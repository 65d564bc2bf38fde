/**
 * The few keys of our own that a quorum carries beside Milvus' catalog. They are facts about this quorum, not about the
 * catalog, so archives, change logs, hashes and the question whether a quorum is empty leave them out.
 */
import { randomUUID } from 'node:crypto';
import type { EtcdClient } from '../etcd/client.ts';
import { END_OF_KEYS, FIRST_KEY, prefixEnd } from '../etcd/messages.ts';

export const OWN_PREFIX = '_redkite/';
const prefixBytes = Buffer.from(OWN_PREFIX);

export const isOwnKey = (key: Uint8Array) =>
  key.length >= prefixBytes.length && prefixBytes.equals(key.subarray(0, prefixBytes.length));

/** Everything but our own keys, as ranges. */
export const CATALOG_RANGES = [
  { key: FIRST_KEY, rangeEnd: prefixBytes },
  { key: prefixEnd(prefixBytes), rangeEnd: END_OF_KEYS },
] as const;

/**
 * Names one unbroken run of revisions. A restored or a new quorum counts its revisions from one again, and may well have
 * the cluster id of the old one (etcd makes it from names): only this tells a change log whose revisions it follows.
 */
const HISTORY_KEY = `${OWN_PREFIX}history`;

/** Made where there is none: when a quorum is formed (probe-quorum), or on first use. */
export async function ensureHistory(client: EtcdClient): Promise<string> {
  const known = await client.get(HISTORY_KEY);
  if (known !== undefined) return known.toString();
  await client.txn({
    compare: [{ key: HISTORY_KEY, target: 'createRevision', is: 'equal', to: 0 }],
    success: [{ put: { key: HISTORY_KEY, value: randomUUID() } }],
  });
  const made = await client.get(HISTORY_KEY);
  if (made === undefined) throw new Error(`etcd lost ${HISTORY_KEY} right after it was written.`);
  return made.toString();
}

/** Of the quorum as it is now, without making one; undefined before the first archive. */
export async function readHistory(client: EtcdClient): Promise<{ history: string | undefined; revision: number }> {
  const { kvs, revision } = await client.range({ key: HISTORY_KEY });
  return { history: kvs[0]?.value.toString(), revision };
}

/** From the member's own data: there may be no quorum. */
export async function survivingHistory(client: EtcdClient): Promise<string | undefined> {
  return (await client.get(HISTORY_KEY, { serializable: true }))?.toString();
}

/** What a restore keeps in the quorum while it works: a quorum that has it holds a part of something. */
export const RESTORE_PREFIX = `${OWN_PREFIX}restore/`;

/** Asks one member for its own data. */
export async function isHalfRestored(client: EtcdClient): Promise<boolean> {
  const { count } = await client.range({
    key: RESTORE_PREFIX,
    rangeEnd: prefixEnd(RESTORE_PREFIX),
    countOnly: true,
    serializable: true,
  });
  return count > 0;
}

/** Of the catalog, leased keys included. */
export async function holdsCatalog(client: EtcdClient): Promise<boolean> {
  for (const range of CATALOG_RANGES) {
    if ((await client.range({ ...range, limit: 1, keysOnly: true, serializable: true })).kvs.length > 0) return true;
  }
  return false;
}

/** A key that anybody may write to see whether etcd takes writes. */
export const WRITE_CHECK_KEY = `${OWN_PREFIX}write-check`;
