/**
 * What the ALB counts, in the namespace and with the dimensions of AWS, put to the emulator's CloudWatch once a minute.
 * Idle detection reads it. As on AWS a metric without traffic has no data points.
 */
import { CloudWatchClient, PutMetricDataCommand, type MetricDatum } from '@aws-sdk/client-cloudwatch';
import { messageOf } from '../emulator-watch.ts';

export const NAMESPACE = 'AWS/ApplicationELB';
export const PERIOD_MS = 60_000;
/** PutMetricData takes 1,000 and 1 MB; half keeps clear of both. */
const BATCH = 500;
const CALL_TIMEOUT_MS = 5_000;

export interface Statistics {
  count: number;
  sum: number;
  minimum: number;
  maximum: number;
}

interface Series {
  readonly name: string;
  readonly unit: 'Count' | 'Seconds';
  readonly dimensions: readonly { readonly Name: string; readonly Value: string }[];
  readonly statistics: Statistics;
}

/** `app/<name>/<id>` of a load balancer, `targetgroup/<name>/<id>` of a target group. */
export function dimensionValue(arn: string): string {
  const resource = arn.split(':').slice(5).join(':');
  return resource.startsWith('loadbalancer/') ? resource.slice('loadbalancer/'.length) : resource;
}

export class Metrics {
  #series = new Map<string, Series>();

  add(name: string, loadBalancerArn: string, targetGroupArn?: string, value = 1, unit: Series['unit'] = 'Count'): void {
    const key = `${name}|${loadBalancerArn}|${targetGroupArn ?? ''}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      const dimensions = [{ Name: 'LoadBalancer', Value: dimensionValue(loadBalancerArn) }];
      if (targetGroupArn !== undefined) dimensions.push({ Name: 'TargetGroup', Value: dimensionValue(targetGroupArn) });
      series = { name, unit, dimensions, statistics: { count: 0, sum: 0, minimum: Infinity, maximum: -Infinity } };
      this.#series.set(key, series);
    }
    const { statistics } = series;
    statistics.count += 1;
    statistics.sum += value;
    statistics.minimum = Math.min(statistics.minimum, value);
    statistics.maximum = Math.max(statistics.maximum, value);
  }

  /** For the load balancer alone and for its target group, as AWS gives both. */
  addBoth(
    name: string,
    loadBalancerArn: string,
    targetGroupArn: string,
    value = 1,
    unit: Series['unit'] = 'Count',
  ): void {
    this.add(name, loadBalancerArn, undefined, value, unit);
    this.add(name, loadBalancerArn, targetGroupArn, value, unit);
  }

  /** Everything since the last call. */
  take(timestamp: Date): MetricDatum[] {
    const taken = [...this.#series.values()];
    this.#series = new Map();
    return taken.map(({ name, unit, dimensions, statistics: { count, sum, minimum, maximum } }) => ({
      MetricName: name,
      Unit: unit,
      Dimensions: [...dimensions],
      Timestamp: timestamp,
      StatisticValues: { SampleCount: count, Sum: sum, Minimum: minimum, Maximum: maximum },
    }));
  }
}

export type PutMetrics = (data: MetricDatum[]) => Promise<void>;

export function cloudWatchPut(endpoint: string, region: string): PutMetrics {
  const client = new CloudWatchClient({ endpoint, region, maxAttempts: 1 });
  return async (MetricData) => {
    await client.send(new PutMetricDataCommand({ Namespace: NAMESPACE, MetricData }), {
      abortSignal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
  };
}

/** Failures are logged and the minute is lost, as a metric must never hold requests up. */
export async function publish(
  metrics: Metrics,
  put: PutMetrics,
  now: Date,
  log: (message: string) => void,
): Promise<void> {
  const data = metrics.take(now);
  for (let start = 0; start < data.length; start += BATCH) {
    try {
      await put(data.slice(start, start + BATCH));
    } catch (error) {
      log(`CloudWatch took no metrics: ${messageOf(error)}. ${data.length - start} of ${data.length} values are lost.`);
      return;
    }
  }
}
