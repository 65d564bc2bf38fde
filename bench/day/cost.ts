/** What a day costs, by the price table beside this file. Pure. */
import { clusterSpecSchema } from '../../functions/common/cluster/spec.ts';
import { planRoles } from '../../functions/common/releases/plan.ts';
import { ETCD } from '../../functions/common/releases/profiles.ts';
import { PRICES } from './prices.ts';
import type { Day, Span } from './simulate.ts';

const CPU_UNITS = 1_024;
const MIB = 1_024;
const HOUR = 3_600;
const HOURS_A_MONTH = 730;
/** As serverless.yml has them by default. */
const BROKERS = 3;
const BROKER_VOLUME_GIB = 20;
/** Of Fargate, Seconds: what runs for less is billed for this long. */
const LEAST_SECONDS = 60;

/** Dollars an hour while a default cluster is awake: every task of its Milvus roles and of its quorum. */
export function hourlyWhileAwake(): number {
  const spec = clusterSpecSchema.parse({ name: 'day' });
  const tasks = [
    ...planRoles(spec).map(({ cpu, memory, replicas }) => ({ cpu, memory, count: replicas })),
    { cpu: ETCD.cpu, memory: ETCD.memory, count: spec.metadata.members },
  ];
  const { fargateVcpu, fargateGibOfMemory } = PRICES.perHour;
  return tasks.reduce(
    (sum, { cpu, memory, count }) =>
      sum + count * ((cpu / CPU_UNITS) * fargateVcpu + (memory / MIB) * fargateGibOfMemory),
    0,
  );
}

/** Dollars an hour for what all clusters of a deployment share, asleep or not. */
export function hourlyShared(): number {
  const { perHour, perMonth } = PRICES;
  const monthly = BROKERS * BROKER_VOLUME_GIB * perMonth.mskGibOfVolume + perMonth.kmsKey + perMonth.secret;
  return perHour.loadBalancer + BROKERS * perHour.mskBrokerT3Small + monthly / HOURS_A_MONTH;
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
