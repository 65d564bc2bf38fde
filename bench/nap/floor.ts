/**
 * What the emulator takes for a state machine that does nothing: as many calls of a function that answers at once and as many
 * other states as an answer has waited for, one after the other. Milliseconds from its first event to its last.
 */
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { zipSync, strToU8 } from 'fflate';
import { awsClient } from '../../local/stack/aws.ts';
import { executionsSince } from '../../local/stack/histories.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { Stack } from '../../tests/chaos/stack.ts';

const NAME = 'empty';
const ROLE = 'arn:aws:iam::000000000000:role/empty';
const TIMEOUT_MS = 60_000;

export async function emptyMachine(
  settings: LocalSettings,
  { calls, others }: { readonly calls: number; readonly others: number },
): Promise<() => Promise<number>> {
  const name = `redkite-${settings.stage}-${NAME}-${calls}-${others}`;
  const { FunctionArn } = await awsClient(settings, LambdaClient).send(
    new CreateFunctionCommand({
      FunctionName: name,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: ROLE,
      Code: { ZipFile: zipSync({ 'index.js': strToU8('exports.handler = async () => ({});') }) },
    }),
  );
  await awsClient(settings, SFNClient).send(
    new CreateStateMachineCommand({
      name,
      roleArn: ROLE,
      definition: JSON.stringify(definition(FunctionArn, calls, others)),
    }),
  );
  const stack = new Stack(settings);
  const run = async () => {
    const since = Date.now();
    await stack.ended(await stack.start(name.replace(`redkite-${settings.stage}-`, ''), {}), TIMEOUT_MS);
    const executions = await executionsSince(settings, since);
    const [from = 0, to = 0] = executions.find(({ machine }) => machine.startsWith(NAME))?.interval ?? [];
    return to - from;
  };
  // A function that has not been called yet is started by the first call.
  await run();
  return run;
}

/** Calls and other states are spread evenly. */
function definition(functionArn: string | undefined, calls: number, others: number): object {
  const count = calls + others;
  const isCall = (index: number) => Math.floor(((index + 1) * calls) / count) > Math.floor((index * calls) / count);
  const states = Array.from({ length: count }, (_, index) => {
    const next = index + 1 < count ? { Next: `State${index + 1}` } : { End: true };
    return [
      `State${index}`,
      isCall(index)
        ? {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Arguments: { FunctionName: functionArn, Payload: {} },
            TimeoutSeconds: 60,
            ...next,
          }
        : { Type: 'Pass', ...next },
    ];
  });
  return { QueryLanguage: 'JSONata', StartAt: 'State0', States: Object.fromEntries(states) as object };
}
