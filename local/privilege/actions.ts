/**
 * Which IAM actions a call of the AWS SDK needs. Most are called as the command is; every line of the tables below is one that is
 * not, with what AWS says of it (the Service Authorization Reference, unless another source is named).
 */
import type { Call } from './calls.ts';

/** IAM's prefix of the actions of a service. A client that is not here is refused, so that nobody forgets it. */
const PREFIXES: Readonly<Record<string, string>> = {
  '@aws-sdk/client-cloudwatch': 'cloudwatch',
  '@aws-sdk/client-ecs': 'ecs',
  '@aws-sdk/client-elastic-load-balancing-v2': 'elasticloadbalancing',
  '@aws-sdk/client-eventbridge': 'events',
  '@aws-sdk/client-kafka': 'kafka',
  '@aws-sdk/client-lambda': 'lambda',
  '@aws-sdk/client-s3': 's3',
  '@aws-sdk/client-servicediscovery': 'servicediscovery',
  '@aws-sdk/client-sfn': 'states',
  '@aws-sdk/lib-dynamodb': 'dynamodb',
};

/** Instead of the action of the command's own name. */
const OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  // The document client leaves `Item` out of its names; what it sends is GetItem and so on.
  'dynamodb:Get': ['dynamodb:GetItem'],
  'dynamodb:Put': ['dynamodb:PutItem'],
  'dynamodb:Update': ['dynamodb:UpdateItem'],
  'dynamodb:Delete': ['dynamodb:DeleteItem'],
  'lambda:Invoke': ['lambda:InvokeFunction'],
  // Both ask for the right to list.
  's3:HeadBucket': ['s3:ListBucket'],
  's3:ListObjectsV2': ['s3:ListBucket'],
  's3:DeleteObjects': ['s3:DeleteObject'],
  // Without ListBucket S3 answers 403 for an object that is not there, not NoSuchKey, which the code goes by (S3 API, GetObject).
  's3:GetObject': ['s3:GetObject', 's3:ListBucket'],
  's3:HeadObject': ['s3:GetObject', 's3:ListBucket'],
};

interface Addition {
  readonly actions: readonly string[];
  /** Only where the input has one of these members. */
  readonly members?: readonly string[];
}

/** Besides the action of the command's own name. */
const BESIDES: Readonly<Record<string, readonly Addition[]>> = {
  'ecs:RegisterTaskDefinition': [
    { members: ['executionRoleArn', 'taskRoleArn'], actions: ['iam:PassRole'] },
    { members: ['tags'], actions: ['ecs:TagResource'] },
  ],
  // Tags that come from the task definition are tags on creation too (ECS guide, "Grant permission to tag resources on creation").
  'ecs:RunTask': [
    { actions: ['iam:PassRole'] },
    { members: ['tags', 'propagateTags', 'enableECSManagedTags'], actions: ['ecs:TagResource'] },
  ],
  // What the service starts later it starts with its own role; but who makes it hands on the task definition's roles.
  'ecs:CreateService': [
    { actions: ['iam:PassRole'] },
    { members: ['tags', 'propagateTags', 'enableECSManagedTags'], actions: ['ecs:TagResource'] },
  ],
  'elasticloadbalancing:CreateTargetGroup': [{ members: ['Tags'], actions: ['elasticloadbalancing:AddTags'] }],
  'elasticloadbalancing:CreateRule': [{ members: ['Tags'], actions: ['elasticloadbalancing:AddTags'] }],
  'servicediscovery:CreateService': [{ members: ['Tags'], actions: ['servicediscovery:TagResource'] }],
  // Cloud Map changes the records, and the health checks that it looks for, in the caller's name (Cloud Map guide, "API
  // permissions reference"; the managed policy AWSCloudMapRegisterInstanceAccess has the records too). EC2 is asked only for
  // instances that are registered by their id.
  'servicediscovery:RegisterInstance': [
    {
      actions: [
        'route53:ChangeResourceRecordSets',
        'route53:CreateHealthCheck',
        'route53:GetHealthCheck',
        'route53:UpdateHealthCheck',
      ],
    },
  ],
  'servicediscovery:DeregisterInstance': [
    {
      actions: [
        'route53:ChangeResourceRecordSets',
        'route53:DeleteHealthCheck',
        'route53:GetHealthCheck',
        'route53:UpdateHealthCheck',
      ],
    },
  ],
};

/** Actions, `dynamodb:Query on an index` among them, as the table's own and those of its indexes are different resources. */
export function actionsOf({ client, command, members, at }: Call): string[] {
  const prefix = PREFIXES[client];
  if (prefix === undefined) throw new Error(`${at}: ${client} is not in local/privilege/actions.ts.`);
  const name = `${prefix}:${command}`;
  const additions = (BESIDES[name] ?? []).filter((one) => one.members?.some((member) => members.has(member)) ?? true);
  const actions = [...(OTHERWISE[name] ?? [name]), ...additions.flatMap((one) => one.actions)];
  return members.has('IndexName') ? actions.map((action) => onIndex(action)) : actions;
}

export const onIndex = (action: string): string => `${action} on an index`;

/** What a function needs for what happens around its code. */
export const RUNTIME = {
  logs: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  tracing: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
  // The managed policy AWSLambdaVPCAccessExecutionRole: Lambda makes the network interfaces in the function's name.
  vpc: [
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ],
  // Lambda guide, "Required permissions" of each kind of event source.
  queue: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  stream: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
  deadLetters: ['sqs:SendMessage'],
} as const;

/** What a state machine needs around its tasks (Step Functions guide, "IAM policies for logging", "for X-Ray"). */
export const MACHINE_RUNTIME = {
  logs: [
    'logs:CreateLogDelivery',
    'logs:GetLogDelivery',
    'logs:UpdateLogDelivery',
    'logs:DeleteLogDelivery',
    'logs:ListLogDeliveries',
    'logs:PutResourcePolicy',
    'logs:DescribeResourcePolicies',
    'logs:DescribeLogGroups',
  ],
  tracing: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets'],
  /** Following a nested execution to its end, on that execution ("IAM for nested executions"). */
  follow: ['states:DescribeExecution', 'states:StopExecution'],
  /** The same, on the rule by which Step Functions is told of the end. */
  rule: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
} as const;
