/**
 * What the local AWS itself takes: a state machine that does nothing, of as many calls of a function and as many states as ours.
 * On AWS all of this takes another time: that is why it is measured apart.
 */
import { randomBytes } from 'node:crypto';
import { CreateFunctionCommand, DeleteFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { strToU8, zipSync } from 'fflate';
import type { LocalSettings } from '../local/settings.ts';
import { awsClient } from '../local/stack/aws.ts';
import { until } from '../tests/chaos/stack.ts';

const NAME = 'redkite-bench-empty';
const ROLE = 'arn:aws:iam::000000000000:role/bench';
const TIMEOUT_MS = 60_000;
const LOOK_MS = 10;

/** Of a machine: calls of functions, and all states that were entered. */
export interface Steps {
  readonly calls: number;
  readonly states: number;
}

export interface Clients {
  readonly lambda: LambdaClient;
  readonly sfn: SFNClient;
}

export interface EmptyMachines {
  /** ARN of the machine with so many steps. */
  readonly machineOf: (steps: Steps) => Promise<string>;
  /** Milliseconds from StartExecution to the end of the empty machine. */
  readonly afterStart: (steps: Steps) => Promise<number>;
  /** When an execution ended, milliseconds since the epoch; one that has not begun yet is waited for. */
  readonly ended: (executionArn: string) => Promise<number>;
  readonly remove: () => Promise<void>;
}

export const clientsOf = (settings: LocalSettings): Clients => ({
  lambda: awsClient(settings, LambdaClient),
  sfn: awsClient(settings, SFNClient),
});

export async function emptyMachines({ lambda, sfn }: Clients): Promise<EmptyMachines> {
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: NAME,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: ROLE,
      Code: { ZipFile: zipSync({ 'index.js': strToU8('exports.handler = async () => ({});') }) },
    }),
  );
  const made = new Map<string, string>();
  const machineOf = async ({ calls, states }: Steps) => {
    const name = `${NAME}-${calls}-${states}`;
    const known = made.get(name);
    if (known !== undefined) return known;
    const definition = JSON.stringify(emptyDefinition(FunctionArn ?? '', { calls, states }));
    const { stateMachineArn = '' } = await sfn.send(new CreateStateMachineCommand({ name, roleArn: ROLE, definition }));
    made.set(name, stateMachineArn);
    return stateMachineArn;
  };
  const ended = (executionArn: string) =>
    until(
      `the end of ${executionArn}`,
      TIMEOUT_MS,
      async () => {
        const described = await sfn.send(new DescribeExecutionCommand({ executionArn })).catch((error: unknown) => {
          if (error instanceof ExecutionDoesNotExist) return undefined;
          throw error;
        });
        if (described === undefined || described.status === 'RUNNING') return undefined;
        const { status, stopDate, error, cause } = described;
        if (status === 'SUCCEEDED' && stopDate !== undefined) return stopDate.getTime();
        throw new Error(`${executionArn} ended ${status ?? ''}: ${error ?? ''} ${cause ?? ''}`);
      },
      LOOK_MS,
    );
  const afterStart = async (steps: Steps) => {
    const stateMachineArn = await machineOf(steps);
    const name = `start-${randomBytes(4).toString('hex')}`;
    const started = Date.now();
    const { executionArn = '' } = await sfn.send(new StartExecutionCommand({ stateMachineArn, name }));
    return (await ended(executionArn)) - started;
  };
  // The first call starts the function.
  await afterStart({ calls: 1, states: 1 });
  return {
    machineOf,
    afterStart,
    ended,
    remove: async () => {
      for (const stateMachineArn of made.values()) await sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
      await lambda.send(new DeleteFunctionCommand({ FunctionName: NAME }));
    },
  };
}

/** One after the other, calls and other states spread evenly. Pure. */
export function emptyDefinition(functionArn: string, { calls, states }: Steps): object {
  const isCall = (index: number) => Math.floor(((index + 1) * calls) / states) > Math.floor((index * calls) / states);
  const made = Array.from({ length: states }, (_, index) => {
    const next = index + 1 < states ? { Next: `State${index + 1}` } : { End: true };
    const call = {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: { FunctionName: functionArn, Payload: {} },
      TimeoutSeconds: 60,
    };
    return [`State${index}`, isCall(index) ? { ...call, ...next } : { Type: 'Pass', ...next }];
  });
  return { QueryLanguage: 'JSONata', StartAt: 'State0', States: Object.fromEntries(made) as object };
}
