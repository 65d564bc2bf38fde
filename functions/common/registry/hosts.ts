/**
 * Which cluster a host name of its own belongs to. `<name>.*` needs no entry: its first label says it. A host name has a
 * partition of its own, so that finding it costs one read however many clusters there are; patterns share one partition.
 *
 * An entry is a claim, and the record of the cluster is the proof: what its record does not have is not claimed any more,
 * so nothing has to be taken away when a cluster goes or fails to be created.
 */
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { ClusterRecord } from '../cluster/record.ts';
import { isAccepted } from './conditional.ts';
import { readPartition } from './partition.ts';
import { getCluster, type RegistryTable } from './registry.ts';

export interface HostClaim {
  /** A host name, or a pattern with * and ?. */
  readonly host: string;
  readonly cluster: string;
}

const PATTERNS = 'hosts#patterns';
const isPattern = (host: string) => /[*?]/.test(host);
const keyOf = (host: string) => (isPattern(host) ? { pk: PATTERNS, sk: host } : { pk: `host#${host}`, sk: 'host' });

export async function findHost({ client, table }: RegistryTable, host: string): Promise<HostClaim | undefined> {
  const { Item } = await client.send(new GetCommand({ TableName: table, Key: keyOf(host), ConsistentRead: true }));
  return Item === undefined ? undefined : (Item['value'] as HostClaim);
}

/** All patterns of all clusters, in the order of the alphabet. */
export async function listHostPatterns(registry: RegistryTable): Promise<HostClaim[]> {
  const items = await readPartition(registry, PATTERNS, { consistent: false });
  return items.map((item) => item['value'] as HostClaim);
}

const hasHost = (record: ClusterRecord | undefined, host: string) => record?.spec.hosts.includes(host) === true;

/** Undefined when `cluster` has the host name now, otherwise the cluster that has it. */
export async function claimHost(registry: RegistryTable, claim: HostClaim): Promise<string | undefined> {
  const { client, table } = registry;
  const write = (condition: string, owner: string) =>
    isAccepted(
      client.send(
        new PutCommand({
          TableName: table,
          Item: { ...keyOf(claim.host), value: claim },
          ConditionExpression: condition,
          ExpressionAttributeNames: { '#value': 'value', '#cluster': 'cluster' },
          ExpressionAttributeValues: { ':owner': owner },
        }),
      ),
    );
  if (await write('attribute_not_exists(#value) OR #value.#cluster = :owner', claim.cluster)) return undefined;
  const owner = (await findHost(registry, claim.host))?.cluster;
  if (owner === undefined || hasHost(await getCluster(registry, owner), claim.host)) return owner ?? 'another cluster';
  return (await write('#value.#cluster = :owner', owner)) ? undefined : owner;
}
