/**
 * Every minute, for all clusters together: what each awake one has changed goes to S3 (ship.ts), its quorum is looked at
 * (vigil.ts), and whether it is used (activity.ts); then how all of them are goes to the alarms (fleet.ts). One call of one function, so that a cluster which sits idle costs next to
 * nothing; a cluster that cannot be reached keeps none of the others, and no part waits for another.
 */
import { watchActivity, type ActivityDeps, type Activity } from './activity.ts';
import { allClusters, isWatched } from './awake.ts';
import { measureFleet, type PublishFleet } from './fleet.ts';
import type { Failed } from './lanes.ts';
import type { Measurements, Publish } from './metrics.ts';
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

export async function watchClusters(
  deps: ShipDeps & VigilDeps & ActivityDeps & { readonly publishFleet: PublishFleet },
): Promise<Watched> {
  const records = await allClusters(deps.registry);
  const names = records.filter(isWatched).map(({ name }) => name);
  const measured = new Map<string, Measurements>();
  const publish: Publish = (cluster, measurements, properties) => {
    measured.set(cluster, { ...measured.get(cluster), ...measurements });
    deps.publish(cluster, measurements, properties);
  };
  const [shipped, watched, activity] = await Promise.all([
    shipAll({ ...deps, publish }, names),
    watchQuorums({ ...deps, publish }, names),
    watchActivity(deps, names),
  ]);
  const unwatched = watched.failed.map(({ cluster }) => cluster);
  const fleet = measureFleet({ records, measured, unwatched }, new Date(deps.clock.now()));
  if (fleet !== undefined) deps.publishFleet(fleet.measurements, fleet.properties);
  return {
    clusters: names.length,
    archived: shipped.archived,
    shipped: shipped.shipped,
    troubled: watched.troubled,
    idle: activity.idle,
    failed: [...shipped.failed, ...watched.failed, ...activity.failed],
  };
}
