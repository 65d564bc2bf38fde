/** Alarms, dashboard and saved queries are held against what the functions write: a name that nobody writes is never alarmed of. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_EVENTS } from '../../../functions/common/lambda/events.ts';
import {
  METRICS,
  publishOfCluster,
  publishOfFleet,
  publishOfPhase,
  type Measurements,
} from '../../../functions/common/lambda/metrics.ts';
import { allResources, functionIds, readYaml, resourcesOf, ROOT, valueOf } from './template.ts';

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}
interface Alarm extends Partial<Metric> {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly TreatMissingData?: string;
  readonly Metrics?: string;
  readonly AlarmActions?: unknown;
}
interface Line {
  readonly _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
}

const alarms = resourcesOf('alarms.yml')
  .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
  .map(([id, { Properties }]) => [id, Properties as unknown as Alarm] as const);
const ids = new Set([...allResources().map(([id]) => id), ...functionIds('LambdaFunction'), 'HttpApi']);

function metricsOf({ Metrics, Namespace = '', MetricName = '', Dimensions }: Alarm): Metric[] {
  if (Metrics === undefined) return [{ Namespace, MetricName, ...(Dimensions === undefined ? {} : { Dimensions }) }];
  const queries = valueOf(Metrics) as { MetricStat?: { Metric: Metric } }[];
  return queries.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric]));
}
/** As it is written when everything that can be measured is: namespace, dimensions, name. */
function written(): string[] {
  const lines: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = (chunk: unknown) => {
    lines.push(String(chunk));
    return true;
  };
  const all = <Of extends keyof typeof METRICS>(of: Of) =>
    Object.fromEntries(Object.keys(METRICS[of]).map((name) => [name, 1])) as Measurements<Of>;
  try {
    publishOfCluster('demo', all('cluster'));
    publishOfFleet(all('fleet'), { failed: 'demo' });
    publishOfPhase('waking', all('phase'));
  } finally {
    process.stdout.write = write;
  }
  return lines.flatMap((line) =>
    (JSON.parse(line) as Line)._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
      Metrics.map(({ Name }) => [Namespace, ...(Dimensions[0] ?? []), Name].join(',')),
    ),
  );
}

beforeEach(() => {
  process.env['STAGE'] = '${sls:stage}';
  process.env['POWERTOOLS_SERVICE_NAME'] = 'redkite';
});

test('the functions write what they say they do, each kind with its own dimensions', () => {
  const named = (of: keyof typeof METRICS, dimensions: string) =>
    Object.keys(METRICS[of]).map((name) => `Redkite/\${sls:stage},${dimensions},${name}`);
  expect(written().toSorted()).toEqual(
    [
      ...named('cluster', 'service,Cluster'),
      ...named('fleet', 'service'),
      ...named('phase', 'service,Phase'),
    ].toSorted(),
  );
});

describe.each(alarms)('%s', (_, alarm) => {
  test('is set on metrics that are written', () => {
    const ours = new Set(written());
    const metrics = metricsOf(alarm);
    // More cannot be in one alarm.
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.length).toBeLessThanOrEqual(10);
    for (const { Namespace, MetricName, Dimensions = [] } of metrics) {
      if (Namespace.startsWith('Redkite/')) {
        const name = [Namespace, ...Dimensions.map(({ Name }) => Name), MetricName].join(',');
        expect([name, ours.has(name)]).toEqual([name, true]);
        expect(Dimensions[0]).toEqual({ Name: 'service', Value: 'redkite' });
      }
      for (const { Value } of Dimensions) {
        const { Ref, ['Fn::GetAtt']: attribute } = Value as { Ref?: string; 'Fn::GetAtt'?: string };
        const id = Ref ?? attribute?.split('.')[0];
        if (id !== undefined) expect([id, ids.has(id)]).toEqual([id, true]);
      }
    }
  });

  test('says what it means and leads to what to do, and how it takes missing data', () => {
    const name = alarm.AlarmName.replace('redkite-${sls:stage}-', '');
    expect(alarm.AlarmDescription).toMatch(new RegExp(`^[^.]+\\. .*See docs/runbooks/alarms\\.md#${name}\\.$`));
    expect(alarm.AlarmDescription.length).toBeLessThanOrEqual(1_024);
    const runbook = readFileSync(join(ROOT, 'docs/runbooks/alarms.md'), 'utf8');
    const section = new RegExp(`^### ${name}\\n([^]*?)(?=^##|(?![^]))`, 'm').exec(runbook)?.[1] ?? '';
    expect(section).toMatch(/\d\. /);
    expect(section).toContain(`Missing data: ${alarm.TreatMissingData ?? 'not decided'}`);
    expect(alarm.AlarmActions).toEqual([{ Ref: 'AlarmTopic' }]);
  });
});

test('the end of an execution that cannot be settled is set aside, by the rule and by the function', () => {
  const events = Object.fromEntries(resourcesOf('events.yml'));
  const { Targets } = events['FailedExecutionRule']?.Properties as { Targets: { DeadLetterConfig?: unknown }[] };
  const queue = { 'Fn::GetAtt': 'LostExecutionEvents.Arn' };
  expect(Targets.map(({ DeadLetterConfig }) => DeadLetterConfig)).toEqual([{ Arn: queue }]);
  // EventBridge sets nothing aside in a queue that does not let this very rule in.
  const { Queues, PolicyDocument } = events['LostExecutionEventsPolicy']?.Properties as {
    Queues: unknown;
    PolicyDocument: { Statement: unknown[] };
  };
  expect(Queues).toEqual([{ Ref: 'LostExecutionEvents' }]);
  expect(PolicyDocument.Statement).toMatchObject([
    {
      ...{
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queue,
      },
      Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': 'FailedExecutionRule.Arn' } } },
    },
  ]);
  expect(readFileSync(join(ROOT, 'serverless.yml'), 'utf8')).toMatch(
    /settleExecution:\n(?: {4}.*\n)*? {4}onError: !GetAtt LostExecutionEvents\.Arn\n/,
  );
});

test('what is set aside is noticed: changes of phase have a queue, and every such queue has an alarm', () => {
  const [, mapping] = resourcesOf('events.yml').find(([id]) => id === 'PhasesMapping') ?? [];
  expect(mapping?.Properties['DestinationConfig']).toEqual({
    OnFailure: { Destination: { 'Fn::GetAtt': 'LostPhaseEvents.Arn' } },
  });
  const watched = alarms.flatMap(([, alarm]) =>
    metricsOf(alarm).flatMap(({ Dimensions = [] }) => Dimensions.map(({ Value }) => JSON.stringify(Value))),
  );
  const queues = allResources().filter(([id, { Type }]) => Type === 'AWS::SQS::Queue' && id.startsWith('Lost'));
  expect(queues.map(([id]) => id)).toEqual(
    expect.arrayContaining(['LostTaskEvents', 'LostPhaseEvents', 'LostExecutionEvents']),
  );
  for (const [id] of queues) expect(watched).toContain(JSON.stringify({ 'Fn::GetAtt': `${id}.QueueName` }));
});

test('every machine is watched: by itself, or by the one that starts it and waits', () => {
  const watched = new Set(
    metricsOf({ Metrics: '${file(resources/alarm-metrics.cjs):failed}' } as Alarm).map(
      ({ Dimensions }) => (Dimensions?.[0]?.Value as { Ref: string }).Ref,
    ),
  );
  const nested = new Set(
    readdirSync(join(ROOT, 'statemachines')).flatMap((file) => {
      const text = readFileSync(join(ROOT, 'statemachines', file), 'utf8');
      return text.includes('startExecution.sync')
        ? [...text.matchAll(/"StateMachineArn": "\$\{(\w+)\}"/g)].map(([, id = '']) => id)
        : [];
    }),
  );
  for (const [id, { Type }] of resourcesOf('statemachines.yml')) {
    if (Type !== 'AWS::StepFunctions::StateMachine') continue;
    expect([id, watched.has(id) || nested.has(id)]).toEqual([id, true]);
  }
});

describe('saved queries', () => {
  const queries = resourcesOf('queries.yml').map(([id, { Properties }]) => [id, Properties] as const);
  test.each(queries)('%s asks for events that are written, in groups that exist', (_, properties) => {
    const known: ReadonlySet<string> = new Set(Object.values(LOG_EVENTS));
    const text = String(properties['QueryString']);
    const [, asked = ''] = /event (?:=|in) (.*)/.exec(text) ?? [];
    for (const [, event = ''] of asked.matchAll(/"([^"]+)"/g)) expect([event, known.has(event)]).toEqual([event, true]);
    const groups = (properties['LogGroupNames'] as { Ref: string }[]).map(({ Ref }) => Ref);
    expect(functionIds('LogGroup')).toEqual(expect.arrayContaining(groups));
  });
});

test('the dashboard shows what is written, of what exists', () => {
  const text = valueOf('${file(resources/dashboard.cjs):body}') as string;
  const { widgets } = JSON.parse(text) as {
    widgets: { x: number; width: number; properties: { metrics: (string | { expression?: string })[][] } }[];
  };
  const ours = new Set(written());
  for (const { x, width, properties } of widgets) {
    expect(x + width).toBeLessThanOrEqual(24);
    for (const [first, name, ...more] of properties.metrics) {
      if (typeof first === 'object') {
        const [, dimensions = '', metric = ''] = /\{(.*?)\} MetricName="(\w+)"/.exec(first.expression ?? '') ?? [];
        expect(ours.has(`${dimensions},${metric}`)).toBe(true);
      } else if (first?.startsWith('Redkite/') === true) {
        expect(more.slice(0, 2)).toEqual(['service', 'redkite']);
        expect(ours.has(`${first},service,${typeof name === 'string' ? name : ''}`)).toBe(true);
      }
    }
  }
  // Put in by resources/dashboard.yml.
  ids.add('MessagesName');
  for (const [, id = ''] of text.matchAll(/\$\{(\w+)(?:\.\w+)?\}/g)) expect([id, ids.has(id)]).toEqual([id, true]);
});

test("the API's access log is JSON, and says who called and what was answered", () => {
  const { provider } = readYaml('serverless.yml') as { provider: { logs: { httpApi: { format: string } } } };
  expect(JSON.parse(provider.logs.httpApi.format)).toMatchObject({
    caller: '$context.identity.userArn',
    route: '$context.routeKey',
    status: '$context.status',
  });
});
