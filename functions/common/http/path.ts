/** What the path of a request names. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { isArchiveName } from '../archive/manifest.ts';
import type { ClusterRecord } from '../cluster/record.ts';
import { getCluster, type RegistryTable } from '../registry/registry.ts';
import { Problem } from './problem.ts';

type WithPath = Pick<APIGatewayProxyEventV2, 'pathParameters'>;

/** The record of `{name}`. */
export async function clusterInPath(registry: RegistryTable, event: WithPath): Promise<ClusterRecord> {
  const name = event.pathParameters?.['name'] ?? '';
  const record = name === '' ? undefined : await getCluster(registry, name);
  if (record === undefined) {
    throw new Problem('cluster_not_found', `There is no cluster ${name}.`, [
      { field: 'name', message: 'is not the name of a cluster' },
    ]);
  }
  return record;
}

export function archiveNotFound(cluster: string, name: string, field = 'archive'): Problem {
  return new Problem('archive_not_found', `Cluster ${cluster} has no archive ${name}.`, [
    { field, message: 'is not the name of an archive of this cluster' },
  ]);
}

/** The name in `{archive}`, in the form of one. */
export function archiveInPath(cluster: string, event: WithPath): string {
  const name = event.pathParameters?.['archive'] ?? '';
  if (!isArchiveName(name)) throw archiveNotFound(cluster, name);
  return name;
}
