/** Executions are started under names that say what they are for: whatever comes twice starts them once. */
import { StartExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { hasName } from '../lambda/errors.ts';

export interface NamedExecution {
  readonly stateMachineArn: string;
  readonly name: string;
  readonly input: object;
}

/** False when there is, or was, one of this name: what it has to do is done or under way. */
export async function startOnce(sfn: SFNClient, { stateMachineArn, name, input }: NamedExecution): Promise<boolean> {
  try {
    await sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
    return true;
  } catch (error) {
    if (!hasName(error, 'ExecutionAlreadyExists')) throw error;
    return false;
  }
}
