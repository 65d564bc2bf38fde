/**
 * From a host name to its cluster: first the host name itself, then `<name>.*`, then the patterns, which change rarely and
 * are kept for a while. The first two are one read each, side by side, however many clusters there are.
 */
import type { ClusterRecord } from '../common/cluster/record.ts';
import { wildcard } from '../common/http/wildcards.ts';
import { findHost, listHostPatterns, type HostClaim } from '../common/registry/hosts.ts';
import { getCluster, type RegistryTable } from '../common/registry/registry.ts';
import { clusterLabel } from './host.ts';

const KEEP_PATTERNS_MS = 30_000;

export interface ClusterFinder {
  readonly find: (host: string, nowMs: number) => Promise<ClusterRecord | undefined>;
}

export function clusterFinder(registry: RegistryTable): ClusterFinder {
  let kept: { readonly claims: readonly HostClaim[]; readonly until: number } | undefined;

  async function patterns(nowMs: number): Promise<readonly HostClaim[]> {
    if (kept === undefined || nowMs >= kept.until) {
      kept = { claims: await listHostPatterns(registry), until: nowMs + KEEP_PATTERNS_MS };
    }
    return kept.claims;
  }

  /** The cluster of a claim, if its record says the same. */
  async function claimed(claim: HostClaim | undefined): Promise<ClusterRecord | undefined> {
    if (claim === undefined) return undefined;
    const record = await getCluster(registry, claim.cluster);
    return record?.spec.hosts.includes(claim.host) === true ? record : undefined;
  }

  return {
    async find(host, nowMs) {
      const label = clusterLabel(host);
      const [own, named] = await Promise.all([
        findHost(registry, host).then(claimed),
        label === undefined ? undefined : getCluster(registry, label),
      ]);
      if (own !== undefined) return own;
      if (named !== undefined) return named;
      for (const claim of await patterns(nowMs)) {
        const record = wildcard(claim.host)(host) ? await claimed(claim) : undefined;
        if (record !== undefined) return record;
      }
      return undefined;
    },
  };
}
