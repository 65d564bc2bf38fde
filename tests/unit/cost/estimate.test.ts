/** The arithmetic of a cluster's cost, by hand for the default cluster and by its laws for any. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { z } from 'zod';
import { clusterSpecSchema } from '../../../functions/common/cluster/spec.ts';
import {
  clusterLines,
  costOfNap,
  HOURS_A_MONTH,
  omissions,
  sharedLines,
  sumOf,
  tasksOf,
  usageOf,
  type DeploymentFacts,
} from '../../../functions/common/cost/estimate.ts';
import { monthCost } from '../../../functions/common/cost/month.ts';
import { BUNDLED_PRICES, choosePrices, priceTableSchema } from '../../../functions/common/cost/prices.ts';
import { ASSUMED_USAGE, METRICS, NAP, OBSERVED, WATCH_GIB } from '../../../functions/common/cost/usage.ts';
import { METRICS as WRITTEN } from '../../../functions/common/lambda/metrics.ts';
import { allResources, valueOf } from '../resources/template.ts';

const PRICES = BUNDLED_PRICES['us-east-1'];
const DEPLOYMENT: DeploymentFacts = {
  ...{ brokers: 3, brokerType: 'kafka.t3.small', brokerVolumeGib: 20, publicAddresses: true, alarms: true },
};
const spec = (changes: object = {}) => clusterSpecSchema.parse({ name: 'demo', ...changes });
const linesOf = (changes: object = {}, deployment = DEPLOYMENT) => clusterLines(spec(changes), PRICES, deployment);
const awake = (part: string, lines = linesOf()) => lines.find((line) => line.part === part)?.perHour.awake ?? NaN;

test('the default cluster, reckoned by hand', () => {
  // Seven roles and three members: 4.5 vCPU and 18 GiB.
  const tasks = tasksOf(spec());
  expect(tasks.reduce((sum, { count }) => sum + count, 0)).toBe(10);
  expect(tasks.reduce((sum, { count, vcpus }) => sum + count * vcpus, 0)).toBe(4.5);
  expect(tasks.reduce((sum, { count, gib }) => sum + count * gib, 0)).toBe(18);
  expect(awake('querynode')).toBeCloseTo(0.04048 + 4 * 0.004445, 10);
  expect(awake('etcd')).toBeCloseTo(3 * (0.25 * 0.04048 + 0.004445), 10);
  expect(awake('public addresses')).toBeCloseTo(10 * 0.005, 10);
  expect(awake('names') * HOURS_A_MONTH).toBeCloseTo(6 * 0.1, 10);
  expect(awake('metrics') * HOURS_A_MONTH).toBeCloseTo(8 * 0.3, 10);
  const compute = tasks.reduce((sum, { part }) => sum + awake(part), 0);
  expect(compute).toBeCloseTo(4.5 * 0.04048 + 18 * 0.004445, 10);
});

test('what all clusters share, reckoned by hand', () => {
  const shared = sharedLines(PRICES, DEPLOYMENT);
  const monthly = (part: string) => (shared.find((line) => line.part === part)?.perHour.asleep ?? NaN) * HOURS_A_MONTH;
  expect(monthly('MSK brokers')).toBeCloseTo(3 * 0.0456 * 730, 6);
  expect(monthly('MSK volumes')).toBeCloseTo(3 * 20 * 0.1, 6);
  expect(monthly('load balancer')).toBeCloseTo((0.0225 + 3 * 0.005) * 730, 6);
  expect(monthly('observation')).toBeCloseTo(10 * 0.3 + 3 + OBSERVED.alarmMetrics * 0.1, 6);
  expect(monthly('keys, secrets, zone')).toBeCloseTo(1.9, 6);
  for (const { perHour } of shared) expect(perHour.awake).toBe(perHour.asleep);
});

test('asleep, only what is stored costs', () => {
  const costly = linesOf().filter(({ perHour }) => perHour.asleep > 0);
  expect(costly.map(({ part }) => part)).toEqual(['objects']);
});

test('a broker without a price is missing, and it is said how to put it in', () => {
  const other = { ...DEPLOYMENT, brokerType: 'kafka.m7g.large' };
  expect(sharedLines(PRICES, other).map(({ part }) => part)).not.toContain('MSK brokers');
  expect(omissions(PRICES, other)[0]).toContain('perHour.mskBroker');
  expect(omissions(PRICES, DEPLOYMENT).join()).not.toContain('perHour.mskBroker');
});

test('tasks without public addresses pay for none, and what lets them out is named', () => {
  const closed = { ...DEPLOYMENT, publicAddresses: false };
  expect(linesOf({}, closed).map(({ part }) => part)).not.toContain('public addresses');
  expect(omissions(PRICES, closed).join()).toContain('NAT gateway is 0.045');
});

test('assumptions of the table take the place of those that are bundled, one by one', () => {
  expect(usageOf({})).toEqual(ASSUMED_USAGE);
  expect(usageOf({ usage: { storedGib: 500 } })).toEqual({ ...ASSUMED_USAGE, storedGib: 500 });
  const lines = clusterLines(spec(), { ...PRICES, usage: { storedGib: 500 } }, DEPLOYMENT);
  expect(awake('objects', lines) * HOURS_A_MONTH).toBeCloseTo(500 * 0.023, 6);
});

const anySpec = fc.record({
  activeStandby: fc.boolean(),
  metadata: fc.record({ members: fc.constantFrom(1, 3, 5) }),
  roles: fc.record({
    querynode: fc.record({ replicas: fc.integer({ min: 1, max: 20 }) }),
    proxy: fc.record({ replicas: fc.integer({ min: 1, max: 20 }) }),
  }),
});

test('every part of any cluster costs something awake, no more asleep, and another task makes it dearer', () => {
  fc.assert(
    fc.property(anySpec, (changes) => {
      const lines = linesOf(changes);
      for (const { perHour } of lines) {
        expect(perHour.awake).toBeGreaterThan(0);
        expect(perHour.asleep).toBeLessThanOrEqual(perHour.awake);
      }
      const { querynode } = changes.roles;
      if (querynode.replicas === 20) return;
      const more = { ...changes, roles: { ...changes.roles, querynode: { replicas: querynode.replicas + 1 } } };
      expect(sumOf(linesOf(more)).awake - sumOf(lines).awake).toBeCloseTo(0.04048 + 4 * 0.004445 + 0.005, 8);
    }),
  );
});

const hoursOf = (running: number, asleep: number, naps: number) => ({
  ...{ month: '2026-11', until: '', elapsed: running + asleep, running, asleep, failed: 0, unaccounted: 0 },
  ...{ wakes: naps, sleeps: naps },
});
const monthOf = (running: number, asleep: number, naps: number, clusters = 1) =>
  monthCost({
    ...{ own: linesOf(), shared: sharedLines(PRICES, DEPLOYMENT), prices: PRICES, clusters },
    hours: hoursOf(running, asleep, naps),
  });

test('a month of naps costs less than one awake by what it saved, and the naps are in it', () => {
  const { total, neverAsleep, saved, naps } = monthOf(200, 530, 40);
  expect(neverAsleep - total).toBeCloseTo(saved, 10);
  expect(naps).toBeCloseTo(40 * costOfNap(PRICES), 10);
  expect(neverAsleep).toBeCloseTo(monthOf(730, 0, 0).total, 8);
});

test('a month awake saves nothing; naps without sleep cost', () => {
  expect(monthOf(730, 0, 0).saved).toBe(0);
  expect(monthOf(730, 0, 10).saved).toBeLessThan(0);
});

test('whatever the hours, the parts add up, sleep never makes a cluster dearer but by its naps, and many share what is shared', () => {
  const hours = fc.double({ min: 0, max: 744, noNaN: true });
  fc.assert(
    fc.property(
      hours,
      hours,
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 1, max: 1_000 }),
      (running, asleep, naps, clusters) => {
        const month = monthOf(running, asleep, naps, clusters);
        const parts = month.byPart.reduce((sum, { usd }) => sum + usd, 0);
        expect(parts + month.naps + month.share).toBeCloseTo(month.total, 8);
        expect(month.saved).toBeGreaterThanOrEqual(-month.naps);
        expect(month.share * clusters).toBeCloseTo(monthOf(running, asleep, naps).share, 6);
      },
    ),
  );
});

test('every bundled table is of the form that an own one has, and of its region', () => {
  for (const [region, table] of Object.entries(BUNDLED_PRICES)) {
    expect(priceTableSchema.parse(table).region).toBe(region);
  }
});

test('the own table is used, or that of the region, or another one, and that is said', () => {
  const own = { ...PRICES, region: 'eu-west-1', perHour: { ...PRICES.perHour, fargateVcpu: 1 } };
  expect(choosePrices('eu-west-1', own)).toEqual({ table: own });
  expect(choosePrices('eu-west-3', own).note).toContain('eu-west-1');
  expect(choosePrices('eu-central-1', undefined)).toEqual({ table: BUNDLED_PRICES['eu-central-1'] });
  const foreign = choosePrices('ap-southeast-2', undefined);
  expect(foreign.table.region).toBe('us-east-1');
  expect(foreign.note).toContain('ap-southeast-2');
});

const root = join(import.meta.dirname, '../../..');
const yaml = (name: string): unknown => parse(readFileSync(join(root, name), 'utf8'), { logLevel: 'silent' });

test('what is reckoned with is what the template and the functions have', () => {
  const serverless = z
    .object({
      functions: z.object({
        watchClusters: z.object({ memorySize: z.int() }),
        showCost: z.object({ environment: z.object({ BROKERS: z.string() }) }),
      }),
      provider: z.object({ memorySize: z.int() }),
    })
    .parse(yaml('serverless.yml'));
  const messages = z
    .object({ Resources: z.object({ Messages: z.object({ Properties: z.object({ NumberOfBrokerNodes: z.int() }) }) }) })
    .parse(yaml('resources/messages.yml'));
  expect(serverless.functions.watchClusters.memorySize / 1_024).toBe(WATCH_GIB);
  expect(serverless.provider.memorySize / 1_024).toBe(NAP.callGib);
  expect(Number(serverless.functions.showCost.environment.BROKERS)).toBe(
    messages.Resources.Messages.Properties.NumberOfBrokerNodes,
  );
  expect(METRICS.cluster).toBe(Object.keys(WRITTEN.cluster).length);
  expect(METRICS.fleet).toBe(Object.keys(WRITTEN.fleet).length);
  const resources = allResources();
  const ofType = (type: string) => resources.filter(([, { Type }]) => Type === type);
  const metricsOf = (metrics: unknown) => {
    if (metrics === undefined) return 1;
    const parts = (typeof metrics === 'string' ? valueOf(metrics) : metrics) as readonly { MetricStat?: unknown }[];
    return parts.filter(({ MetricStat }) => MetricStat !== undefined).length;
  };
  expect(
    ofType('AWS::CloudWatch::Alarm').reduce((sum, [, { Properties }]) => sum + metricsOf(Properties['Metrics']), 0),
  ).toBe(OBSERVED.alarmMetrics);
  expect(ofType('AWS::CloudWatch::Dashboard')).toHaveLength(OBSERVED.dashboards);
});
