/** What a cluster costs, as the API shows it. The schema is the contract: the OpenAPI document is made from it. */
import { z } from 'zod';
import {
  BASES,
  clusterLines,
  costOfNap,
  HOURS_A_MONTH,
  omissions,
  sharedLines,
  sumOf,
  type CostLine,
  type DeploymentFacts,
} from '../cost/estimate.ts';
import { MONTH, type MonthHours } from '../cost/hours.ts';
import { monthCost } from '../cost/month.ts';
import type { ChosenPrices } from '../cost/prices.ts';
import { NAP } from '../cost/usage.ts';
import type { ClusterSpec } from '../cluster/spec.ts';

const usd = z.number().meta({ description: 'US dollars.' });
const lineSchema = z
  .object({
    part: z.string(),
    what: z.string(),
    basis: z.enum(BASES).meta({
      description:
        'size: what runs or stands there; count: counted from what the product does; assumption: depends on the use.',
    }),
    awake: usd.meta({ description: 'US dollars a month of 730 hours awake.' }),
    asleep: usd.meta({ description: 'US dollars a month of 730 hours asleep.' }),
  })
  .meta({ id: 'CostLine' });

export const costViewSchema = z
  .object({
    cluster: z.string(),
    currency: z.literal('USD'),
    prices: z.object({
      region: z.string(),
      asOf: z.iso.date(),
      own: z.boolean().meta({ description: 'The table of the deployment, not the bundled one.' }),
      sources: z.array(z.string()),
    }),
    estimate: z
      .object({
        cluster: z.array(lineSchema),
        clusterTotal: z.object({ awake: usd, asleep: usd }),
        shared: z.array(lineSchema).meta({ description: 'Of all clusters of the deployment together.' }),
        sharedTotal: usd,
        clusters: z.int().meta({ description: 'Clusters of the deployment, among which the shared cost is divided.' }),
        share: usd.meta({ description: 'Of this cluster, awake or asleep.' }),
        total: z.object({ awake: usd, asleep: usd }),
        nap: z.object({
          transitions: z.int().meta({ description: 'State transitions of a sleep and the wake after it.' }),
          usd,
        }),
      })
      .meta({ description: 'A month of 730 hours, all of them awake or all of them asleep.' }),
    month: z
      .object({
        month: z.string().regex(MONTH),
        until: z.iso.datetime(),
        hours: z.object({
          elapsed: z.number(),
          running: z.number(),
          asleep: z.number(),
          failed: z.number().meta({ description: 'Tasks may have run or not; not in the cost.' }),
          unaccounted: z
            .number()
            .meta({ description: 'Of which nothing is kept; not in the cost, but for the share.' }),
        }),
        wakes: z.int(),
        sleeps: z.int(),
        cluster: z.array(z.object({ part: z.string(), usd })),
        naps: usd,
        share: usd,
        total: usd,
        neverAsleep: usd.meta({ description: 'The same, had it been awake whenever it slept.' }),
        saved: usd.meta({ description: 'What sleeping saved, less what the naps cost.' }),
      })
      .meta({ description: 'What the month has cost, by the hours in each phase.' }),
    notes: z.array(z.string()),
  })
  .meta({ id: 'Cost' });

export type CostView = z.input<typeof costViewSchema>;

export interface CostInput {
  readonly cluster: string;
  readonly spec: ClusterSpec;
  readonly prices: ChosenPrices;
  readonly own: boolean;
  readonly deployment: DeploymentFacts;
  readonly clusters: number;
  readonly hours: MonthHours;
}

export function costView({ cluster, spec, prices, own, deployment, clusters, hours }: CostInput): CostView {
  const { table } = prices;
  const lines = clusterLines(spec, table, deployment);
  const shared = sharedLines(table, deployment);
  const each = sumOf(lines);
  const all = sumOf(shared).awake;
  const share = all / Math.max(1, clusters);
  const month = monthCost({ own: lines, shared, hours, clusters, prices: table });
  return {
    cluster,
    currency: 'USD',
    prices: { region: table.region, asOf: table.asOf, own, sources: [...table.sources] },
    estimate: {
      cluster: lines.map(lineView),
      clusterTotal: { awake: monthly(each.awake), asleep: monthly(each.asleep) },
      shared: shared.map(lineView),
      sharedTotal: monthly(all),
      clusters,
      share: monthly(share),
      total: { awake: monthly(each.awake + share), asleep: monthly(each.asleep + share) },
      nap: { transitions: NAP.sleepTransitions + NAP.wakeTransitions, usd: costOfNap(table) },
    },
    month: {
      month: hours.month,
      until: hours.until,
      hours: {
        elapsed: rounded(hours.elapsed),
        running: rounded(hours.running),
        asleep: rounded(hours.asleep),
        failed: rounded(hours.failed),
        unaccounted: rounded(hours.unaccounted),
      },
      wakes: hours.wakes,
      sleeps: hours.sleeps,
      cluster: month.byPart.map(({ part, usd: dollars }) => ({ part, usd: rounded(dollars) })),
      naps: rounded(month.naps),
      share: rounded(month.share),
      total: rounded(month.total),
      neverAsleep: rounded(month.neverAsleep),
      saved: rounded(month.saved),
    },
    notes: [
      ...(prices.note === undefined ? [] : [prices.note]),
      ...omissions(table, deployment),
      ...(hours.unaccounted > 0
        ? [`Of ${hours.unaccounted.toFixed(1)} hours of this month nothing is kept: they are not in its cost.`]
        : []),
    ],
  };
}

const DIGITS = 4;
const rounded = (value: number) => Number(value.toFixed(DIGITS));
const monthly = (perHour: number) => rounded(perHour * HOURS_A_MONTH);

function lineView({ part, what, basis, perHour }: CostLine) {
  return { part, what, basis, awake: monthly(perHour.awake), asleep: monthly(perHour.asleep) };
}
