import { Metrics, dimensionValue, publish } from '../../../../local/load-balancer/metrics.ts';

const LB = 'arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/entry/0123';
const GROUP = 'arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/web/4567';
const NOW = new Date(0);

test('dimensions are what AWS calls them', () => {
  expect(dimensionValue(LB)).toBe('app/entry/0123');
  expect(dimensionValue(GROUP)).toBe('targetgroup/web/4567');
});

test('values of a minute become statistics, for the load balancer and for its group', () => {
  const metrics = new Metrics();
  for (const value of [0.5, 0.125, 0.25]) metrics.addBoth('TargetResponseTime', LB, GROUP, value, 'Seconds');
  const taken = metrics.take(NOW);
  expect(taken.map(({ Dimensions }) => Dimensions)).toEqual([
    [{ Name: 'LoadBalancer', Value: 'app/entry/0123' }],
    [
      { Name: 'LoadBalancer', Value: 'app/entry/0123' },
      { Name: 'TargetGroup', Value: 'targetgroup/web/4567' },
    ],
  ]);
  expect(taken[0]).toMatchObject({
    MetricName: 'TargetResponseTime',
    Unit: 'Seconds',
    StatisticValues: { SampleCount: 3, Sum: 0.875, Minimum: 0.125, Maximum: 0.5 },
  });
  expect(metrics.take(NOW)).toEqual([]);
});

test('many series go in several calls; a refusal is logged and ends the round', async () => {
  const metrics = new Metrics();
  for (let index = 0; index < 1_200; index += 1) metrics.add('RequestCount', `${LB}${index}`);
  const sizes: number[] = [];
  const logged: string[] = [];
  await publish(
    metrics,
    (data) => {
      sizes.push(data.length);
      return sizes.length === 2 ? Promise.reject(new Error('away')) : Promise.resolve();
    },
    NOW,
    (message) => logged.push(message),
  );
  expect(sizes).toEqual([500, 500]);
  expect(logged).toEqual(['CloudWatch took no metrics: away. 700 of 1200 values are lost.']);
});
