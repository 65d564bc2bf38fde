/**
 * `day`: a working day of one cluster, with naps and without. Sleeps and wakes take what the benchmarks `sleep` and `wake` have
 * measured last; the traffic is made up (traffic.ts); whether it may sleep is decided by the product's own function. Draws
 * bench/results/day.svg.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { idlePolicySchema } from '../../functions/common/idle/policy.ts';
import type { LocalSettings } from '../../local/settings.ts';
import type { Benchmark } from '../main.ts';
import { measurement } from '../measurement.ts';
import { METRIC as SLEEP_METRIC, TRANSITIONS as SLEEP_TRANSITIONS } from '../sleep/metrics.ts';
import { METRIC as WAKE_METRIC, TRANSITIONS as WAKE_TRANSITIONS } from '../wake/metrics.ts';
import { billedByTheSecond, costOverDay, hourlyShared, hourlyWhileAwake, PRICES } from './cost.ts';
import { drawDay } from './picture.ts';
import { simulateDay, type Day } from './simulate.ts';
import { requestsOf, WORKING_DAY } from './traffic.ts';
import { formatDuration } from './words.ts';

const SEED = 20_260_114;
const MIDNIGHT = new Date(Date.UTC(2026, 0, 14));
const HOURS = 24;
const HOUR_SECONDS = 3_600;

const keptSchema = z.array(
  z.object({ metric: z.string(), ours: z.object({ median: z.number() }), measuredAt: z.iso.datetime() }),
);

interface Kept {
  readonly value: number;
  readonly measuredAt: string;
}

export const day: Benchmark = ({ settings, report }) => {
  const sleep = kept(settings, 'sleep', SLEEP_METRIC);
  const wake = kept(settings, 'wake', WAKE_METRIC);
  const policy = idlePolicySchema.parse({});
  const requests = requestsOf(WORKING_DAY, SEED);
  const simulated = simulateDay({
    ...{ requests, policy, midnight: MIDNIGHT },
    sleepSeconds: sleep.value,
    wakeSeconds: wake.value,
  });
  if (!billedByTheSecond(simulated)) throw new Error('A life of less than a minute is billed for a whole one.');
  const cost = costOverDay(simulated, {
    transitionsPerSleep: kept(settings, 'sleep', SLEEP_TRANSITIONS).value,
    transitionsPerWake: kept(settings, 'wake', WAKE_TRANSITIONS).value,
  });
  const withNaps = cost.at(-1)?.[1] ?? 0;
  const always = HOURS * hourlyWhileAwake();
  const awakeSeconds = secondsIn(simulated, 'awake');
  const wakes = simulated.spans.filter(({ phase }) => phase === 'waking').length;
  const longest = Math.max(...simulated.waits.map(({ seconds }) => seconds));
  const svg = drawDay({
    day: simulated,
    requests,
    cost,
    costAwake: always,
    title: 'A working day with naps',
    subtitle:
      `Awake ${formatDuration(awakeSeconds)} of 24 hours. ${wakes} wakes; ${simulated.waits.length} of ` +
      `${requests.length} requests waited for one, ${longest.toFixed(1)} s at most.`,
    notes: [
      `Requests: made up (bench/day/traffic.ts). Asleep or awake: Redkite's own idle decision, asked every minute, after ` +
        `${policy.window} minutes without a request.`,
      `Measured: a wake takes ${wake.value.toFixed(1)} s (${wake.measuredAt.slice(0, 10)}), a sleep ` +
        `${sleep.value.toFixed(1)} s (${sleep.measuredAt.slice(0, 10)}), in real containers on a local AWS; image pulls on AWS come on top.`,
      `Prices: AWS list prices of ${PRICES.region} as of ${PRICES.asOf} (functions/common/cost/prices.ts), ten Fargate tasks with an address each: ` +
        `$${hourlyWhileAwake().toFixed(2)} an hour awake.`,
      `Not in the picture: what all clusters share, asleep or awake (load balancer, MSK, alarms, key, secret, watch): ` +
        `$${(HOURS * hourlyShared()).toFixed(2)} a day.`,
    ],
  });
  const file = join(settings.root, 'bench', 'results', 'day.svg');
  writeFileSync(file, `${svg}\n`);
  report(`Drawn in ${file}.`);
  return Promise.resolve([
    measurement({
      metric: 'compute of a simulated working day with naps',
      unit: 'USD',
      ours: [withNaps],
      reference: { name: 'the same cluster, never asleep', values: [always] },
    }),
    measurement({
      metric: 'awake on that day',
      unit: 'h',
      ours: [awakeSeconds / HOUR_SECONDS],
      reference: { name: 'the same cluster, never asleep', values: [HOURS] },
    }),
    measurement({ metric: 'wakes on that day', unit: 'wakes', ours: [wakes] }),
    measurement({
      metric: 'how long the requests waited that met no awake cluster',
      unit: 's',
      ours: simulated.waits.map(({ seconds }) => seconds),
    }),
    measurement({
      metric: 'what all clusters of a deployment share, a day',
      unit: 'USD',
      ours: [HOURS * hourlyShared()],
    }),
  ]);
};

function secondsIn({ spans }: Day, wanted: Day['spans'][number]['phase']): number {
  return spans.reduce((sum, { phase, from, to }) => sum + (phase === wanted ? to - from : 0), 0);
}

function kept({ root }: LocalSettings, name: string, metric: string): Kept {
  const file = join(root, 'bench', 'results', `${name}.json`);
  const found = keptSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).find((row) => row.metric === metric);
  if (found === undefined) throw new Error(`${file} has no "${metric}": run \`npm run bench -- ${name}\` first.`);
  return { value: found.ours.median, measuredAt: found.measuredAt };
}
