/**
 * Every minute, for all clusters together: what each awake one has changed goes to S3 (ship.ts), its quorum is looked at
 * (vigil.ts), and whether it is used (activity.ts). One call of one function, so that a cluster which sits idle costs next to
 * nothing; a cluster that cannot be reached keeps none of the others, and no part waits for another.
 */
import { watchActivity, type ActivityDeps, type Activity } from './activity.ts';
import { awakeClusters } from './awake.ts';
import type { Failed } from './lanes.ts';
import { shipAll, type ShipDeps } from './ship.ts';
import { watchQuorums, type VigilDeps } from './vigil.ts';

export interface Watched {
  readonly clusters: number;
  readonly archived: number;
  readonly shipped: number;
  readonly troubled: readonly { readonly cluster: string; readonly action: string; readonly reason: string }[];
  readonly idle: Activity['idle'];
  readonly failed: readonly Failed[];
}

export async function watchClusters(deps: ShipDeps & VigilDeps & ActivityDeps): Promise<Watched> {
  const names = await awakeClusters(deps.registry);
  const [shipped, watched, activity] = await Promise.all([
    shipAll(deps, names),
    watchQuorums(deps, names),
    watchActivity(deps, names),
  ]);
  return {
    clusters: names.length,
    archived: shipped.archived,
    shipped: shipped.shipped,
    troubled: watched.troubled,
    idle: activity.idle,
    failed: [...shipped.failed, ...watched.failed, ...activity.failed],
  };
}
