// The dashboard's body as text for `!Sub`: what is worth a look when an alarm says something, from top to bottom as one would ask.
// Metrics of clusters are found by SEARCH, because clusters come and go. One dashboard of up to 50 metrics is free.
const NAMESPACE = 'Redkite/${sls:stage}';
const REGION = '${AWS::Region}';
const WIDTH = 24;

const search = (metric, statistic, dimensions) => [
  [
    {
      expression: `SEARCH('{${NAMESPACE},${dimensions}} MetricName="${metric}"', '${statistic}', 60)`,
      id: metric.toLowerCase(),
      region: REGION,
    },
  ],
];
const ofClusters = (metric) => search(metric, 'Maximum', 'service,Cluster');
const fleet = (metric, label) => [NAMESPACE, metric, 'service', 'redkite', { label }];
const states = (metric, machine, label) => ['AWS/States', metric, 'StateMachineArn', machine, { label }];
const lambda = (metric, name, label) => ['AWS/Lambda', metric, 'FunctionName', name, { label }];
const balancer = (metric, label) => [
  'AWS/ApplicationELB',
  metric,
  'LoadBalancer',
  '${Entry.LoadBalancerFullName}',
  { label },
];

const graph = (title, metrics, properties = {}) => ({
  type: 'metric',
  properties: { title, metrics, region: REGION, view: 'timeSeries', stat: 'Sum', period: 60, ...properties },
});
const MACHINES = ['Create', 'Wake', 'Sleep', 'Recover'].map((verb) => [
  verb.toLowerCase(),
  `\${${verb}${verb === 'Recover' ? 'Quorum' : 'Cluster'}Machine}`,
]);

/** Rows of graphs; each row shares the width. */
const ROWS = [
  [
    graph(
      'Clusters',
      [
        fleet('ClustersAwake', 'awake'),
        fleet('ClustersFailed', 'failed'),
        fleet('ClustersStuck', 'stuck'),
        fleet('ClustersUnwatched', 'not looked at'),
      ],
      { stat: 'Maximum' },
    ),
    graph('Seconds that operations took', search('PhaseSeconds', 'Maximum', 'service,Phase'), { stat: 'Maximum' }),
    graph('Operations that failed', search('PhaseFailed', 'Sum', 'service,Phase')),
  ],
  [
    graph('Healthy etcd members', ofClusters('MembersHealthy'), { stat: 'Minimum', yAxis: { left: { min: 0 } } }),
    graph('Age of the newest archive (s)', ofClusters('ArchiveAgeSeconds'), { stat: 'Maximum' }),
    graph('What a lost quorum would cost (s)', ofClusters('UnshippedSeconds'), { stat: 'Maximum' }),
    graph('etcd database, % of its quota', ofClusters('DatabaseQuotaPercent'), { stat: 'Maximum' }),
  ],
  [
    graph('Requests at the load balancer', [
      balancer('RequestCount', 'all'),
      balancer('HTTPCode_Target_5XX_Count', '5xx of clusters and of hold-request'),
      balancer('HTTPCode_ELB_5XX_Count', '5xx of the load balancer'),
    ]),
    graph('Held requests', [
      lambda('ConcurrentExecutions', '${HoldRequestLambdaFunction}', 'at a time'),
      lambda('Throttles', '${HoldRequestLambdaFunction}', 'above the bound'),
      lambda('Errors', '${HoldRequestLambdaFunction}', 'failed'),
    ]),
    graph('Answers', [balancer('TargetResponseTime', 'p99 (s)')], { stat: 'p99' }),
  ],
  [
    graph(
      'Executions that began',
      MACHINES.map(([verb, machine]) => states('ExecutionsStarted', machine, verb)),
    ),
    graph('Executions that ended badly', [
      ...MACHINES.map(([verb, machine]) => states('ExecutionsFailed', machine, verb)),
      ...MACHINES.map(([verb, machine]) => states('ExecutionsTimedOut', machine, `${verb}, timed out`)),
    ]),
    graph('The minute of all clusters', [
      lambda('Duration', '${WatchClustersLambdaFunction}', 'ms'),
      lambda('Errors', '${WatchClustersLambdaFunction}', 'failed'),
    ]),
  ],
  [
    graph(
      'Kafka: disks of the brokers, % full',
      ['1', '2', '3'].map((broker) => [
        ...['AWS/Kafka', 'KafkaDataLogsDiskUsed', 'Cluster Name', '${MessagesName}', 'Broker ID', broker],
        { label: `broker ${broker}` },
      ]),
      { stat: 'Maximum', period: 300 },
    ),
    graph(
      'Tasks: processors (%) and memory (%)',
      [
        ['AWS/ECS', 'CPUUtilization', 'ClusterName', '${EcsCluster}', { label: 'processors' }],
        ['AWS/ECS', 'MemoryUtilization', 'ClusterName', '${EcsCluster}', { label: 'memory' }],
      ],
      { stat: 'Average' },
    ),
  ],
];
const HEIGHT = 6;

const widgets = ROWS.flatMap((row, y) =>
  row.map((widget, x) => ({
    ...widget,
    ...{ x: (x * WIDTH) / row.length, y: y * HEIGHT, width: WIDTH / row.length, height: HEIGHT },
  })),
);

module.exports = { body: () => JSON.stringify({ widgets }) };
