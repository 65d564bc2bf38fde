/**
 * What a cluster costs an hour, awake and asleep, part by part. The one arithmetic for GET /clusters/{name}/cost, the day report
 * (bench/day) and the tables of docs/cost.md. Pure.
 */
import type { ClusterSpec } from '../cluster/spec.ts';
import { planRoles } from '../releases/plan.ts';
import { ETCD } from '../releases/profiles.ts';
import type { PriceTable } from './prices.ts';
import { ASSUMED_USAGE, EACH_MINUTE, METRICS, NAP, OBSERVED, WATCH_GIB, type Usage } from './usage.ts';

export const HOURS_A_MONTH = 730;
const MINUTES_AN_HOUR = 60;
const MIB_A_GIB = 1_024;
const CPU_UNITS_A_VCPU = 1_024;
/** The load balancer has an address in each of its zones (resources/entry.yml). */
const ZONES = 3;

/**
 * `size`: what runs, or stands there, by the spec and the template. `count`: counted from what the product does. `assumption`:
 * depends on the use, see common/cost/usage.ts.
 */
export const BASES = ['size', 'count', 'assumption'] as const;
export type Basis = (typeof BASES)[number];

/** US dollars an hour. */
export interface HourlyCost {
  readonly awake: number;
  readonly asleep: number;
}

export interface CostLine {
  readonly part: string;
  /** In words: of what. */
  readonly what: string;
  readonly basis: Basis;
  readonly perHour: HourlyCost;
}

/** What a deployment chose, as its template has it. */
export interface DeploymentFacts {
  readonly brokers: number;
  readonly brokerType: string;
  readonly brokerVolumeGib: number;
  /** Tasks have a public address each; otherwise somebody pays for a NAT gateway or for endpoints. */
  readonly publicAddresses: boolean;
  /** The stack's own alarms are on. */
  readonly alarms: boolean;
}

export interface Tasks {
  readonly part: string;
  readonly count: number;
  readonly vcpus: number;
  readonly gib: number;
}

export function usageOf({ usage }: Pick<PriceTable, 'usage'>): Usage {
  const own = Object.fromEntries(Object.entries(usage ?? {}).filter(([, value]) => value !== undefined));
  return { ...ASSUMED_USAGE, ...own };
}

/** Every task of a cluster that is awake: those of its Milvus roles, and its quorum. */
export function tasksOf(spec: ClusterSpec): Tasks[] {
  const of = (part: string, count: number, cpu: number, memory: number) => ({
    ...{ part, count },
    vcpus: cpu / CPU_UNITS_A_VCPU,
    gib: memory / MIB_A_GIB,
  });
  return [
    ...planRoles(spec).map(({ role, replicas, cpu, memory }) => of(role, replicas, cpu, memory)),
    of('etcd', spec.metadata.members, ETCD.cpu, ETCD.memory),
  ];
}

const onlyAwake = (awake: number): HourlyCost => ({ awake, asleep: 0 });
const always = (usd: number): HourlyCost => ({ awake: usd, asleep: usd });

/** What the cluster itself costs. */
export function clusterLines(spec: ClusterSpec, prices: PriceTable, deployment: DeploymentFacts): CostLine[] {
  const { perHour, perMonth, each } = prices;
  const usage = usageOf(prices);
  const tasks = tasksOf(spec);
  const count = tasks.reduce((sum, task) => sum + task.count, 0);
  // Each member is found under its own name and under that of the metadata (functions/open-metadata).
  const instances = 2 * spec.metadata.members;
  const { readUnits, writeUnits, puts } = EACH_MINUTE;
  return [
    ...tasks.map(({ part, count: replicas, vcpus, gib }) => ({
      part,
      what: `${tasksInWords(replicas)} of ${vcpus} vCPU and ${gib} GiB`,
      basis: 'size' as const,
      perHour: onlyAwake(replicas * (vcpus * perHour.fargateVcpu + gib * perHour.fargateGib)),
    })),
    ...(deployment.publicAddresses
      ? [
          {
            part: 'public addresses',
            what: `one for each of ${tasksInWords(count)}`,
            basis: 'size' as const,
            perHour: onlyAwake(count * perHour.publicAddress),
          },
        ]
      : []),
    {
      part: 'names',
      what: `${instances} instances in Cloud Map`,
      basis: 'count',
      perHour: onlyAwake((instances * perMonth.cloudMapInstance) / HOURS_A_MONTH),
    },
    {
      part: 'metrics',
      what: `${METRICS.cluster} in CloudWatch`,
      basis: 'count',
      perHour: onlyAwake((METRICS.cluster * perMonth.metric) / HOURS_A_MONTH),
    },
    {
      part: 'registry',
      what: `${readUnits} read and ${writeUnits} write units of DynamoDB a minute`,
      basis: 'count',
      perHour: onlyAwake(MINUTES_AN_HOUR * (readUnits * each.dynamoReadUnit + writeUnits * each.dynamoWriteUnit)),
    },
    {
      part: 'shipping',
      what: `${puts} object of changes a minute into S3`,
      basis: 'count',
      perHour: onlyAwake(MINUTES_AN_HOUR * puts * each.s3Put),
    },
    {
      part: 'objects',
      what: `${usage.storedGib} GiB in S3`,
      basis: 'assumption',
      perHour: always((usage.storedGib * perMonth.s3Gib) / HOURS_A_MONTH),
    },
    {
      part: 'logs',
      what: `${usage.logMibPerHour} MiB an hour into CloudWatch`,
      basis: 'assumption',
      perHour: onlyAwake((usage.logMibPerHour / MIB_A_GIB) * each.logGib),
    },
  ];
}

/** What a deployment costs, however many clusters it has and whatever they do. */
export function sharedLines(prices: PriceTable, deployment: DeploymentFacts): CostLine[] {
  const { perHour, perMonth, each } = prices;
  const { brokers, brokerType, brokerVolumeGib } = deployment;
  const usage = usageOf(prices);
  const broker = Object.hasOwn(perHour.mskBroker, brokerType) ? perHour.mskBroker[brokerType] : undefined;
  const line = (part: string, what: string, basis: Basis, usd: number): CostLine => ({
    ...{ part, what, basis },
    perHour: always(usd),
  });
  return [
    ...(broker === undefined ? [] : [line('MSK brokers', `${brokers} of ${brokerType}`, 'size', brokers * broker)]),
    line(
      'MSK volumes',
      `${brokers} of ${brokerVolumeGib} GiB`,
      'size',
      (brokers * brokerVolumeGib * perMonth.mskVolumeGib) / HOURS_A_MONTH,
    ),
    line(
      'load balancer',
      `one with ${ZONES} addresses, without its capacity units`,
      'size',
      perHour.loadBalancer + ZONES * perHour.publicAddress,
    ),
    line(
      'observation',
      `${METRICS.fleet} metrics, ${OBSERVED.dashboards} dashboard` +
        (deployment.alarms ? `, alarms on ${OBSERVED.alarmMetrics} metrics` : ''),
      'count',
      observation(perMonth, deployment) / HOURS_A_MONTH,
    ),
    line('keys, secrets, zone', 'a KMS key, a secret, a hosted zone', 'size', fixed(perMonth) / HOURS_A_MONTH),
    line(
      'watch',
      `a call of ${usage.watchSeconds} s a minute`,
      'assumption',
      MINUTES_AN_HOUR * (each.lambdaCall + usage.watchSeconds * WATCH_GIB * each.lambdaGibSecond),
    ),
  ];
}

function observation({ metric, dashboard, alarmMetric }: PriceTable['perMonth'], { alarms }: DeploymentFacts): number {
  return METRICS.fleet * metric + OBSERVED.dashboards * dashboard + (alarms ? OBSERVED.alarmMetrics * alarmMetric : 0);
}

const fixed = ({ kmsKey, secret, hostedZone }: PriceTable['perMonth']) => kmsKey + secret + hostedZone;

/** Why the lines are not everything. Each names what to do. */
export function omissions(prices: PriceTable, { brokerType, publicAddresses }: DeploymentFacts): string[] {
  const { mskBroker, natGateway, interfaceEndpoint } = prices.perHour;
  return [
    ...(Object.hasOwn(mskBroker, brokerType)
      ? []
      : [`The price table has no price of ${brokerType}, so the brokers are missing: add it under perHour.mskBroker.`]),
    ...(publicAddresses
      ? []
      : [
          `Tasks have no public address, so something else lets them out, which this deployment did not make and does not count: ` +
            `a NAT gateway is ${natGateway} USD an hour, an interface endpoint ${interfaceEndpoint} USD an hour and zone.`,
        ]),
    'Not counted, because it depends on the requests: capacity units of the load balancer, Milvus’ own requests to S3, traffic between zones and out of AWS.',
  ];
}

/** US dollars for one sleep and the wake after it. */
export function costOfNap({ each }: PriceTable, nap = { sleeps: 1, wakes: 1 }): number {
  const transitions = nap.sleeps * NAP.sleepTransitions + nap.wakes * NAP.wakeTransitions;
  const call = each.lambdaCall + NAP.callGib * NAP.callSeconds * each.lambdaGibSecond;
  return transitions * (each.stateTransition + call);
}

/** All lines together. */
export function sumOf(lines: readonly CostLine[]): HourlyCost {
  return {
    awake: lines.reduce((sum, { perHour }) => sum + perHour.awake, 0),
    asleep: lines.reduce((sum, { perHour }) => sum + perHour.asleep, 0),
  };
}

const tasksInWords = (count: number) => (count === 1 ? '1 task' : `${count} tasks`);
