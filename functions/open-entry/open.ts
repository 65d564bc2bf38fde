import { applyRules, type RulesDeps } from '../common/aws/rules.ts';
import { BUILDING, type Phase } from '../common/cluster/phases.ts';
import type { Ownership } from '../common/cluster/record.ts';
import { clusterHosts } from '../common/http/cluster-view.ts';
import { ownedBy, updateCluster } from '../common/registry/registry.ts';

/** A sleep that turns round lets clients in again. */
const OWNED: readonly Phase[] = [...BUILDING, 'falling-asleep'];

/** `unloaded`: collections that are not loaded all the same, for the conditions of the cluster once it is awake. */
export async function openEntry(
  deps: RulesDeps,
  operation: Ownership,
  unloaded: string,
): Promise<{ readonly hosts: readonly string[] }> {
  const { registry } = deps;
  const { cluster, generation } = operation;
  const open = { entryOpen: true, rulesWish: { state: 'open', generation } } as const;
  // First: what a client may have written from here on must not be thrown away by whoever cleans up.
  await (unloaded === ''
    ? updateCluster(registry, operation, OWNED, open, ['unloaded'])
    : updateCluster(registry, operation, OWNED, { ...open, unloaded }));
  return { hosts: clusterHosts(ownedBy(operation, await applyRules(deps, cluster), OWNED)) };
}
