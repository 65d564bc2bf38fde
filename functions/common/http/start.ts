/** What a request asks for, started: where Step Functions does not answer, the same request may be sent again. */
import type { SFNClient } from '@aws-sdk/client-sfn';
import { startOnce, type NamedExecution } from '../aws/executions.ts';
import { isAwsUnavailable } from '../lambda/errors.ts';
import { Problem } from './problem.ts';

export async function startForRequest(
  sfn: SFNClient,
  execution: NamedExecution,
  problem = `The execution ${execution.name} could not be started.`,
): Promise<void> {
  try {
    await startOnce(sfn, execution);
  } catch (cause) {
    if (!isAwsUnavailable(cause)) throw cause;
    throw new Problem('unavailable', `${problem} Send the same request again.`, [], { cause });
  }
}
