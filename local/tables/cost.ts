/** The tables of docs/cost.md and of the README's section about cost, for a default cluster and deployment. */
import { clusterSpecSchema } from '../../functions/common/cluster/spec.ts';
import {
  clusterLines,
  costOfNap,
  HOURS_A_MONTH,
  sharedLines,
  sumOf,
  type CostLine,
  type DeploymentFacts,
} from '../../functions/common/cost/estimate.ts';
import { BUNDLED_PRICES, type PriceTable } from '../../functions/common/cost/prices.ts';
import { table, type Row } from './markdown.ts';

const DEPLOYMENT: DeploymentFacts = {
  ...{ brokers: 3, brokerType: 'kafka.t3.small', brokerVolumeGib: 20, publicAddresses: true, alarms: true },
};
const SPEC = clusterSpecSchema.parse({ name: 'one' });
const TABLES: readonly PriceTable[] = Object.values(BUNDLED_PRICES);
/** A working day of eight hours, five days a week. */
const OFFICE_HOURS = 174;
const OFFICE_NAPS = 44;

const monthly = (perHour: number) => usd(perHour * HOURS_A_MONTH);
const usd = (value: number) => `$${value.toFixed(2)}`;

export function costTables(): Readonly<Record<string, string>> {
  return {
    'a cluster': byPart(clusterOf, ['awake', 'asleep']),
    'a deployment': byPart(sharedOf, ['awake']),
    summary: summary(),
  };
}

const clusterOf = (prices: PriceTable) => clusterLines(SPEC, prices, DEPLOYMENT);
const sharedOf = (prices: PriceTable) => sharedLines(prices, DEPLOYMENT);

function byPart(linesOf: (prices: PriceTable) => CostLine[], states: readonly ('awake' | 'asleep')[]): string {
  const all = TABLES.map(linesOf);
  const [first = []] = all;
  const cells = (at: (lines: CostLine[]) => { readonly awake: number; readonly asleep: number } | undefined): Row =>
    all.flatMap((lines) => states.map((state) => monthly(at(lines)?.[state] ?? 0)));
  const head = TABLES.flatMap(({ region }) =>
    states.map((state) => (states.length === 1 ? `${region}, a month` : `${region}, a month ${state}`)),
  );
  return table(
    ['part', 'of what', ...head],
    [
      ...first.map(({ part, what, basis }, index) => [
        part,
        basis === 'assumption' ? `${what} (assumed)` : what,
        ...cells((lines) => lines[index]?.perHour),
      ]),
      ['**together**', '', ...cells(sumOf)],
    ],
  );
}

function summary(): string {
  const row = (what: string, of: (prices: PriceTable) => number): Row => [
    what,
    ...TABLES.map((prices) => usd(of(prices))),
  ];
  const own = (prices: PriceTable) => sumOf(clusterOf(prices));
  return table(
    ['a default cluster, USD a month', ...TABLES.map(({ region, asOf }) => `${region} (${asOf})`)],
    [
      row('awake all the time', (prices) => own(prices).awake * HOURS_A_MONTH),
      row(
        `awake in office hours (${OFFICE_HOURS} hours, ${OFFICE_NAPS} naps)`,
        (prices) =>
          own(prices).awake * OFFICE_HOURS +
          own(prices).asleep * (HOURS_A_MONTH - OFFICE_HOURS) +
          OFFICE_NAPS * costOfNap(prices),
      ),
      row('asleep all the time', (prices) => own(prices).asleep * HOURS_A_MONTH),
      row(
        'what all clusters of a deployment share, awake or asleep',
        (prices) => sumOf(sharedOf(prices)).awake * HOURS_A_MONTH,
      ),
    ],
  );
}
