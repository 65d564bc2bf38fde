/** The metadata of a sleeping cluster, put back as a wake puts it back: from the same archive, by the same code. */
import type { NapArchive } from '../../functions/common/cluster/record.ts';
import { connectEtcd } from '../../functions/common/etcd/client.ts';
import { systemClock } from '../../functions/common/lambda/polling.ts';
import { endpointOf } from '../../functions/common/quorum/members.ts';
import { restoreMetadata } from '../../functions/restore-metadata/restore.ts';
import { getCluster } from '../../functions/common/registry/registry.ts';
import { Stack } from '../../tests/chaos/stack.ts';

const TIMEOUT_MS = 60_000;

export async function archiveOfSleep(stack: Stack, cluster: string): Promise<NapArchive> {
  const record = await getCluster(await stack.registry(), cluster);
  if (record?.nap?.archive === undefined) throw new Error(`Cluster ${cluster} has no archive of a sleep.`);
  return record.nap.archive;
}

export async function refill(
  stack: Stack,
  cluster: string,
  archive: NapArchive,
  addresses: readonly string[],
): Promise<void> {
  const etcd = connectEtcd(addresses.map(endpointOf), { timeoutMs: TIMEOUT_MS });
  try {
    const deps = { store: await stack.archives(cluster), etcd, clock: systemClock };
    const { done } = await restoreMetadata(
      deps,
      { cluster, archive: archive.name, revision: archive.revision },
      TIMEOUT_MS,
    );
    if (!done) throw new Error('The metadata was not put back in time.');
  } finally {
    etcd.close();
  }
}
