/** Which clusters the minute is for. */
import type { ClusterRecord } from '../common/cluster/record.ts';
import { listClusters, type RegistryTable } from '../common/registry/registry.ts';

const PAGE = 100;

export async function allClusters(registry: RegistryTable): Promise<ClusterRecord[]> {
  const records: ClusterRecord[] = [];
  let after: string | undefined;
  do {
    const page = await listClusters(registry, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    records.push(...page.clusters);
    after = page.next;
  } while (after !== undefined);
  return records;
}

/** Only a cluster that serves is watched; the others are looked after by whoever moves them. */
export const isWatched = ({ phase, metadataOpen }: ClusterRecord) => phase === 'awake' && metadataOpen;
