/** What a month of a cluster has cost, and what its sleep has saved. Pure. */
import { costOfNap, sumOf, type CostLine } from './estimate.ts';
import type { MonthHours } from './hours.ts';
import type { PriceTable } from './prices.ts';

export interface MonthCost {
  /** US dollars, all of them. */
  readonly byPart: readonly { readonly part: string; readonly usd: number }[];
  /** Of all sleeps and wakes. */
  readonly naps: number;
  readonly own: number;
  /** Its share of what all clusters of the deployment have in common. */
  readonly share: number;
  readonly total: number;
  /** The same, had it been awake whenever it slept. */
  readonly neverAsleep: number;
  /** Below zero where the naps cost more than they saved. */
  readonly saved: number;
}

export function monthCost(input: {
  readonly own: readonly CostLine[];
  readonly shared: readonly CostLine[];
  readonly hours: MonthHours;
  /** Among which the shared cost is divided: at least this one. */
  readonly clusters: number;
  readonly prices: PriceTable;
}): MonthCost {
  const { own, shared, hours, clusters, prices } = input;
  const byPart = own.map(({ part, perHour }) => ({
    part,
    usd: perHour.awake * hours.running + perHour.asleep * (hours.asleep + hours.failed),
  }));
  const naps = costOfNap(prices, hours);
  const ownCost = byPart.reduce((sum, { usd }) => sum + usd, 0) + naps;
  const share = (sumOf(shared).awake * hours.elapsed) / Math.max(1, clusters);
  const { awake, asleep } = sumOf(own);
  const saved = (awake - asleep) * hours.asleep - naps;
  const total = ownCost + share;
  return { byPart, naps, own: ownCost, share, total, neverAsleep: total + saved, saved };
}
