/**
 * AWS's default quotas that clusters meet, as of one day. Defaults of an account that is not new: new ones begin lower, and AWS raises
 * several by itself with their use. Read in stored copies of the pages named here: Service Quotas in the console has the truth.
 */
export const QUOTAS_AS_OF = '2026-11-25';

/** What a quota is counted in: something that stands there, or calls of an API against a bucket that refills. */
interface QuotaFacts {
  readonly service: string;
  readonly name: string;
  /** Of what there may be so many. */
  readonly per: 'load balancer' | 'namespace' | 'ECS cluster' | 'brokers' | 'VPC' | 'account and region';
  readonly adjustable: boolean;
  readonly source: string;
}

export interface HeldQuota extends QuotaFacts {
  readonly most: number;
}

export interface RateQuota extends QuotaFacts {
  /** Calls at once. */
  readonly bucket: number;
  /** Calls a second from then on. */
  readonly refill: number;
}

const ALB = 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html';
const ELB_API = 'https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html';
const ECS = 'https://docs.aws.amazon.com/general/latest/gr/ecs-service.html';
const ECS_API = 'https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html';
const FARGATE_API = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html';
const VPC = 'https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html';
const SFN = 'https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html';

const balancer = { service: 'ALB', per: 'load balancer', source: ALB } as const;
const region = { per: 'account and region' } as const;

/** In the order in which they are told. */
export const HELD = {
  fargateVcpus: {
    ...{ service: 'Fargate', name: 'On-Demand vCPUs', most: 6, adjustable: true, source: ECS, ...region },
  },
  brokerPartitions: {
    ...{ service: 'MSK', name: 'partitions on three kafka.t3.small, replicas counted', most: 3 * 300 },
    // A recommendation, and the bound up to which MSK can still update a broker. Larger brokers take more.
    ...{
      per: 'brokers',
      adjustable: true,
      source: 'https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html',
    },
  },
  rules: { ...balancer, name: 'rules, default rules not counted', most: 100, adjustable: true },
  targetGroups: { ...balancer, name: 'target groups', most: 100, adjustable: false },
  targets: { ...balancer, name: 'targets', most: 1_000, adjustable: true },
  instances: {
    ...{ service: 'Cloud Map', name: 'instances', most: 2_000, per: 'namespace', adjustable: true },
    source: 'https://docs.aws.amazon.com/cloud-map/latest/dg/cloud-map-limits.html',
  },
  interfaces: {
    ...{ service: 'VPC', name: 'network interfaces', most: 5_000, adjustable: true, ...region },
    source: VPC,
  },
  services: {
    ...{ service: 'ECS', name: 'services', most: 5_000, per: 'ECS cluster', adjustable: true, source: ECS },
  },
  records: {
    ...{ service: 'Route 53', name: 'records in a hosted zone', most: 10_000, per: 'namespace', adjustable: true },
    source: 'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html',
  },
  regionTargetGroups: {
    ...{ service: 'ALB', name: 'target groups in the region', most: 3_000, adjustable: true, source: ALB, ...region },
  },
  executions: {
    service: 'Step Functions',
    name: 'open executions',
    most: 1_000_000,
    adjustable: true,
    source: SFN,
    ...region,
  },
} as const satisfies Record<string, HeldQuota>;

export const RATES = {
  registerTaskDefinition: {
    ...{
      service: 'ECS',
      name: 'RegisterTaskDefinition',
      bucket: 20,
      refill: 1,
      adjustable: true,
      source: ECS_API,
      ...region,
    },
  },
  elbCalls: {
    ...{
      service: 'ALB',
      name: 'calls but those of targets',
      bucket: 40,
      refill: 10,
      adjustable: true,
      source: ELB_API,
      ...region,
    },
  },
  elbTargets: {
    ...{
      service: 'ALB',
      name: 'RegisterTargets, DeregisterTargets',
      bucket: 20,
      refill: 4,
      adjustable: true,
      source: ELB_API,
      ...region,
    },
  },
  recordChanges: {
    // Whether what Cloud Map asks of Route 53 counts here is said nowhere; it is reckoned as if.
    ...{ service: 'Route 53', name: 'calls (by Cloud Map)', bucket: 50, refill: 10, adjustable: true, ...region },
    source: 'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html',
  },
  taskLaunches: {
    ...{
      service: 'Fargate',
      name: 'task launches',
      bucket: 100,
      refill: 20,
      adjustable: true,
      source: FARGATE_API,
      ...region,
    },
  },
  stateTransitions: {
    ...{
      service: 'Step Functions',
      name: 'state transitions',
      bucket: 800,
      refill: 500,
      adjustable: true,
      source: SFN,
      ...region,
    },
  },
  startExecution: {
    ...{
      service: 'Step Functions',
      name: 'StartExecution',
      bucket: 800,
      refill: 150,
      adjustable: true,
      source: SFN,
      ...region,
    },
  },
} as const satisfies Record<string, RateQuota>;

/** Calls of functions at a time, in all. AWS keeps 100 of them from being reserved. */
export const LAMBDA = {
  ...{ service: 'Lambda', name: 'concurrent calls', most: 1_000, unreservable: 100, adjustable: true },
  source: 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html',
} as const;

/** What every deployment takes one of, or (of reserved calls) as many as its parameter says. */
export const OF_DEPLOYMENTS = {
  vpcs: { service: 'VPC', name: 'VPCs', most: 5, adjustable: true, source: VPC, ...region },
  loadBalancers: { service: 'ALB', name: 'load balancers', most: 50, adjustable: true, source: ALB, ...region },
  reserved: {
    ...{ service: LAMBDA.service, name: 'calls that can be reserved', most: LAMBDA.most - LAMBDA.unreservable },
    ...{ adjustable: true, source: LAMBDA.source, ...region },
  },
} as const satisfies Record<string, HeldQuota>;

/** DynamoDB, on demand: of a table, and of one partition, such as the one that the index of all clusters is. */
export const DYNAMO = {
  ...{ tableReadUnits: 40_000, tableWriteUnits: 40_000, partitionReadUnits: 3_000, partitionWriteUnits: 1_000 },
  source: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html',
} as const;
