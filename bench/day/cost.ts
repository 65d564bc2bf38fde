/** What a day costs, by the product's own arithmetic and price table (functions/common/cost). Pure. */
import { clusterSpecSchema } from '../../functions/common/cluster/spec.ts';
import {
  clusterLines,
  sharedLines,
  sumOf,
  type CostLine,
  type DeploymentFacts,
} from '../../functions/common/cost/estimate.ts';
import { BUNDLED_PRICES } from '../../functions/common/cost/prices.ts';
import type { Day, Span } from './simulate.ts';

export const PRICES = BUNDLED_PRICES['us-east-1'];
/** As serverless.yml has them by default. */
const DEPLOYMENT: DeploymentFacts = {
  ...{ brokers: 3, brokerType: 'kafka.t3.small', brokerVolumeGib: 20, publicAddresses: true, alarms: true },
};
const HOUR = 3_600;
/** Of Fargate, Seconds: what runs for less is billed for this long. */
const LEAST_SECONDS = 60;

/** What bills by the second while tasks run: the tasks of a default cluster, and their addresses. */
const runs = ({ basis, perHour }: CostLine) => basis === 'size' && perHour.asleep === 0;

/** Dollars an hour while a default cluster is awake. */
export function hourlyWhileAwake(): number {
  return sumOf(clusterLines(clusterSpecSchema.parse({ name: 'day' }), PRICES, DEPLOYMENT).filter(runs)).awake;
}

/** Dollars an hour for what all clusters of a deployment share, asleep or not. */
export function hourlyShared(): number {
  return sumOf(sharedLines(PRICES, DEPLOYMENT)).awake;
}

export interface NapPrice {
  readonly transitionsPerWake: number;
  readonly transitionsPerSleep: number;
}

/** Dollars since midnight at every change of phase: tasks by the second, state transitions when they happen. */
export function costOverDay({ spans }: Day, { transitionsPerWake, transitionsPerSleep }: NapPrice): [number, number][] {
  const points: [number, number][] = [[0, 0]];
  let sum = 0;
  for (const span of spans) {
    if (span.phase === 'waking') sum += transitionsPerWake * PRICES.each.stateTransition;
    if (span.phase === 'falling-asleep') sum += transitionsPerSleep * PRICES.each.stateTransition;
    points.push([span.from, sum]);
    if (span.phase !== 'asleep') sum += (seconds(span) / HOUR) * hourlyWhileAwake();
    points.push([span.to, sum]);
  }
  return points;
}

/** A whole life of the tasks is longer than a minute, so only its sum could be too short to be billed by the second. */
export function billedByTheSecond({ spans }: Day): boolean {
  let life = 0;
  const lives: number[] = [];
  for (const span of spans) {
    if (span.phase !== 'asleep') life += seconds(span);
    else if (life > 0) {
      lives.push(life);
      life = 0;
    }
  }
  return lives.every((length) => length >= LEAST_SECONDS);
}

const seconds = ({ from, to }: Span) => to - from;
