/** What runs on AWS for clusters that do nothing: schedules, executions, calls of functions. Asked of AWS's own APIs. */
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListExecutionsCommand, ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { LocalSettings } from '../../local/settings.ts';
import { awsClient } from '../../local/stack/aws.ts';

export interface AtWork {
  /** Names of the rules that fire by time, of the whole deployment. */
  readonly schedules: readonly string[];
  /** Names of the executions that run. */
  readonly executions: readonly string[];
}

export async function atWork(settings: LocalSettings): Promise<AtWork> {
  const { Rules = [] } = await awsClient(settings, EventBridgeClient).send(new ListRulesCommand({}));
  const sfn = awsClient(settings, SFNClient);
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  const running = await Promise.all(
    stateMachines.map(({ stateMachineArn }) =>
      sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' })),
    ),
  );
  return {
    schedules: Rules.filter(({ ScheduleExpression }) => (ScheduleExpression ?? '') !== '').map(
      ({ Name }) => Name ?? '',
    ),
    executions: running.flatMap(({ executions = [] }) => executions.map(({ name }) => name ?? '')),
  };
}

/** Calls of each function that was called between two whole minutes, by CloudWatch's own count. */
export async function calls(settings: LocalSettings, from: Date, to: Date): Promise<Map<string, number>> {
  const cloudWatch = awsClient(settings, CloudWatchClient);
  const { Functions = [] } = await awsClient(settings, LambdaClient).send(
    new ListFunctionsCommand({ MaxItems: 1_000 }),
  );
  const counted = new Map<string, number>();
  for (const { FunctionName = '' } of Functions) {
    const { Datapoints = [] } = await cloudWatch.send(
      new GetMetricStatisticsCommand({
        Namespace: 'AWS/Lambda',
        MetricName: 'Invocations',
        Dimensions: [{ Name: 'FunctionName', Value: FunctionName }],
        StartTime: from,
        EndTime: to,
        Period: 60,
        Statistics: ['Sum'],
      }),
    );
    const sum = Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
    if (sum > 0) counted.set(FunctionName, sum);
  }
  return counted;
}
