/**
 * Machines whose first function parses the input of the execution: the expression of the definition and the function
 * itself, together, with what people may type into the console.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import jsonata from 'jsonata';

interface FirstState {
  readonly Arguments: { readonly Payload: string };
}
type Handler = (event: unknown, context: Context) => Promise<unknown>;

const root = join(import.meta.dirname, '../../..');
const context = { functionName: 'step', awsRequestId: '1' } as unknown as Context;
/** What the functions are configured with is not looked at before their input. */
const CONFIGURED = [
  ...['REGISTRY_TABLE', 'MESSAGES_ARN', 'BUCKET', 'ECS_CLUSTER', 'SUBNETS', 'TASK_SECURITY_GROUP', 'ASSIGN_PUBLIC_IP'],
  ...['TASK_EXECUTION_ROLE_ARN', 'TASK_LOG_GROUP', 'STAGE', 'AWS_REGION', 'NAMESPACE_ID', 'NAMESPACE_NAME'],
  ...['ETCD_IMAGE', 'MILVUS_IMAGE', 'OBJECTS_ADDRESS', 'OBJECTS_PORT', 'OBJECTS_TLS', 'MESSAGES_SECRET_ARN'],
  ...['TASK_ROLE_ARN', 'CPU_ARCHITECTURE'],
];

const operation = { cluster: 'demo', generation: 1 };
const MACHINES: Readonly<Record<string, { readonly step: string; readonly needs: object }>> = {
  'wake-cluster': { step: 'begin-wake', needs: operation },
  'bootstrap-quorum': { step: 'launch-members', needs: { ...operation, members: [{ group: 'a', count: 1 }] } },
  'start-compute': {
    step: 'launch-services',
    needs: { ...operation, brokers: ['b:1'], roles: [{ group: 'a', count: 1 }] },
  },
};

beforeAll(() => {
  for (const name of CONFIGURED) process.env[name] ??= 'unset';
});

async function payloadFor(machine: string, input: unknown): Promise<unknown> {
  const definition = JSON.parse(readFileSync(join(root, `statemachines/${machine}.asl.json`), 'utf8')) as {
    readonly StartAt: string;
    readonly States: Readonly<Record<string, FirstState>>;
  };
  const expression = definition.States[definition.StartAt]?.Arguments.Payload ?? '';
  const states = { context: { Execution: { Input: input, Name: 'by-hand' } } };
  return jsonata(expression.slice(2, -2)).evaluate({}, { states });
}

async function handlerOf(step: string): Promise<Handler> {
  const module = (await import(join(root, `functions/${step}/handler.ts`))) as { readonly handler: Handler };
  return module.handler;
}

describe.each(Object.entries(MACHINES))('%s', (machine, { step, needs }) => {
  const names = Object.keys(needs);
  const refused: readonly (readonly [what: string, input: object, named: string])[] = [
    ['nothing', {}, 'cluster'],
    ['a name that is no text', { ...needs, cluster: 7 }, 'cluster'],
    ...names.map((name) => [`no ${name}`, { ...needs, [name]: undefined }, name] as const),
  ];
  test.each(refused)('refuses %s, and names what is missing', async (_, input, named) => {
    const handler = await handlerOf(step);
    await expect(handler(await payloadFor(machine, input), context)).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining(named) as string,
    });
  });
});
