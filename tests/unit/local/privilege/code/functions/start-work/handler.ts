import { ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';

const common = { cluster: 'c', taskDefinition: 't', propagateTags: 'TASK_DEFINITION' } as const;

export const handler = async (stateMachineArn: string): Promise<unknown> => {
  await new ECSClient({}).send(new RunTaskCommand({ ...common, count: 1 }));
  await new SFNClient({}).send(new StartExecutionCommand({ stateMachineArn }));
  return new QueryCommand({ TableName: 'registry', IndexName: 'clusters' });
};
