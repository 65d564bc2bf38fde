// Sums over several metrics for the alarms (resources/alarms.yml): `Metrics: ${file(resources/alarm-metrics.cjs):failed}`.
// CloudWatch takes ten metrics in one alarm. AWS services write no metric while nothing happens; FILL makes that a zero.

/** Machines that are started by themselves. The others are nested, and their failure is that of the machine that started them. */
const MACHINES = [
  'CreateClusterMachine',
  'ReplaceMemberMachine',
  'RecoverQuorumMachine',
  'MaintainQuorumMachine',
  'SleepClusterMachine',
  'WakeClusterMachine',
  'ArchiveMetadataMachine',
  'ExamineArchivesMachine',
  'CleanUpClusterMachine',
];
/** Functions that no machine calls: nobody else would notice that they fail. */
const NETS = [
  'WatchClustersLambdaFunction',
  'SettleExecutionLambdaFunction',
  'RegisterTaskLambdaFunction',
  'StartRequestedLambdaFunction',
  'AnnouncePhaseLambdaFunction',
];
const ENTRY = ['HoldRequestLambdaFunction', 'RelayRequestLambdaFunction'];
const STREAM = ['StartRequestedLambdaFunction', 'AnnouncePhaseLambdaFunction'];

/** The name is the second part of an ARN of MSK: of one that was given, too. */
const MESSAGES_NAME = { 'Fn::Select': [1, { 'Fn::Split': ['/', { Ref: 'Messages' }] }] };

const over = (expression, label, metrics, statistic) => [
  { Id: 'all', Label: label, Expression: `${expression}(FILL(METRICS(), 0))`, ReturnData: true },
  ...metrics.map((metric, n) => ({
    Id: `m${n}`,
    ReturnData: false,
    MetricStat: { Metric: metric, Period: 300, Stat: statistic },
  })),
];
const ofMachines = (name, label) =>
  over(
    'SUM',
    label,
    MACHINES.map((machine) => ({
      Namespace: 'AWS/States',
      MetricName: name,
      Dimensions: [{ Name: 'StateMachineArn', Value: { Ref: machine } }],
    })),
    'Sum',
  );
const ofFunctions = (expression, functions, name, label, statistic) =>
  over(
    expression,
    label,
    functions.map((id) => ({
      Namespace: 'AWS/Lambda',
      MetricName: name,
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: id } }],
    })),
    statistic,
  );

module.exports = {
  failed: () => ofMachines('ExecutionsFailed', 'executions that failed'),
  timedOut: () => ofMachines('ExecutionsTimedOut', 'executions that timed out'),
  throttled: () => ofMachines('ExecutionThrottled', 'state transitions that had to wait'),
  netErrors: () => ofFunctions('SUM', NETS, 'Errors', 'calls that failed', 'Sum'),
  entryErrors: () => ofFunctions('SUM', ENTRY, 'Errors', 'calls that failed', 'Sum'),
  streamAge: () => ofFunctions('MAX', STREAM, 'IteratorAge', 'age of the oldest record', 'Maximum'),
  disks: () =>
    over(
      'MAX',
      'fullest disk of a broker',
      ['1', '2', '3'].map((broker) => ({
        Namespace: 'AWS/Kafka',
        MetricName: 'KafkaDataLogsDiskUsed',
        Dimensions: [
          { Name: 'Cluster Name', Value: MESSAGES_NAME },
          { Name: 'Broker ID', Value: broker },
        ],
      })),
      'Maximum',
    ),
};
