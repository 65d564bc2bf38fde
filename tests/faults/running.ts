/** What works on something at this moment: a cluster at rest may still have an execution that hears of it a second later. */
import { ListExecutionsCommand, SFNClient, paginateListStateMachines } from '@aws-sdk/client-sfn';
import type { LocalSettings } from '../../local/settings.ts';
import { awsClient } from '../../local/stack/aws.ts';

/** Names of the executions of every state machine of the deployment that run. */
export async function runningExecutions(settings: LocalSettings): Promise<string[]> {
  const client = awsClient(settings, SFNClient);
  const running: string[] = [];
  for await (const { stateMachines = [] } of paginateListStateMachines({ client }, {})) {
    for (const { stateMachineArn } of stateMachines) {
      const { executions = [] } = await client.send(
        new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }),
      );
      running.push(...executions.map(({ name = '' }) => name));
    }
  }
  return running;
}
