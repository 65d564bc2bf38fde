/** What the functions that keep archives stand on, from their environment: they run inside the VPC and reach S3 and DynamoDB. */
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { s3Store } from '../archive/store/s3.ts';
import type { ObjectStore } from '../archive/store/store.ts';
import { objectsRoot } from '../catalog/layout.ts';
import { memberGroups } from '../cluster/names.ts';
import { isServing, type TaskObservation } from '../cluster/tasks.ts';
import { requiredEnv } from '../lambda/environment.ts';
import { endpointOf } from '../quorum/members.ts';
import type { ClusterRecord } from '../cluster/record.ts';

/** The prefix of the bucket is the cluster's own, beside (not below) what Milvus writes. */
export function archiveStores(config: S3ClientConfig = {}): (cluster: string) => ObjectStore {
  const client = new S3Client({ forcePathStyle: true, ...config });
  const bucket = requiredEnv('BUCKET');
  return (cluster) => s3Store(client, bucket, `metadata/${cluster}/`);
}

/** What Milvus itself wrote for a cluster; to be looked at, never to be changed. */
export function objectStores(): (cluster: string) => ObjectStore {
  const client = new S3Client({ forcePathStyle: true });
  const bucket = requiredEnv('BUCKET');
  return (cluster) => s3Store(client, bucket, `${objectsRoot(cluster)}/`);
}

/** host:port of the members that run, as the registry knows them. */
export function memberEndpoints(
  { name, spec }: Pick<ClusterRecord, 'name' | 'spec'>,
  tasks: readonly TaskObservation[],
): string[] {
  const groups = memberGroups(name, spec.metadata.members);
  return tasks
    .filter((task) => groups.includes(task.group))
    .filter(isServing)
    .map(({ address }) => endpointOf(address));
}
