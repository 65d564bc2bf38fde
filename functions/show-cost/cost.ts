/** GET /clusters/{name}/cost: gather what there is to reckon with; common/cost does. */
import type { ObjectStore } from '../common/archive/store/store.ts';
import type { ClusterRecord } from '../common/cluster/record.ts';
import type { DeploymentFacts } from '../common/cost/estimate.ts';
import { monthHours, monthOf, NO_SUMS } from '../common/cost/hours.ts';
import { choosePrices } from '../common/cost/prices.ts';
import { invalidFields } from '../common/http/api.ts';
import { costView, type CostView } from '../common/http/cost-view.ts';
import { getMonthSums } from '../common/registry/hours.ts';
import { countClusters, type RegistryTable } from '../common/registry/registry.ts';
import { readOwnPrices } from './own-prices.ts';

export interface ShowCostDeps {
  readonly registry: RegistryTable;
  readonly settings: ObjectStore;
  readonly deployment: DeploymentFacts;
  readonly region: string;
}

export async function showCost(
  { registry, settings, deployment, region }: ShowCostDeps,
  record: ClusterRecord,
  month: string | undefined,
  now: Date,
): Promise<CostView> {
  const wanted = month ?? monthOf(now);
  if (wanted > monthOf(now)) throw invalidFields([{ field: 'month', message: 'must not be in the future' }]);
  const [own, clusters, sums] = await Promise.all([
    readOwnPrices(settings),
    countClusters(registry),
    getMonthSums(registry, record.name, wanted),
  ]);
  return costView({
    ...{ cluster: record.name, spec: record.spec, deployment, clusters },
    prices: choosePrices(region, own),
    own: own !== undefined,
    hours: monthHours(wanted, sums ?? NO_SUMS, record, now),
  });
}
