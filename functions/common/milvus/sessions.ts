/**
 * How the roles of a cluster are known to each other: each keeps a key in etcd, `<root path>/meta/session/<role>[-<id>]`, on a
 * lease that it renews. Source: internal/util/sessionutil of Milvus 2.3; the root path is the cluster's name (launch-services).
 */
import { z } from 'zod';
import type { KeyValue } from '../etcd/client.ts';

export const sessionsOf = (cluster: string): string => `${cluster}/meta/session/`;

/** host:port. The key beside the sessions that counts their ids holds a bare number, and so is none. */
const sessionSchema = z.object({ Address: z.string() });

/** Leases of the sessions that a process at this address has registered, each once. */
export function leasesAt(address: string, kvs: readonly Pick<KeyValue, 'value' | 'lease'>[]): string[] {
  const held = kvs.filter(({ value, lease }) => lease !== '0' && hostOf(value) === address);
  return [...new Set(held.map(({ lease }) => lease))];
}

function hostOf(value: Buffer): string | undefined {
  try {
    const { Address } = sessionSchema.parse(JSON.parse(value.toString('utf8')));
    return Address.slice(0, Address.lastIndexOf(':'));
  } catch {
    return undefined;
  }
}
