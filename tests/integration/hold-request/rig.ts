/**
 * A load balancer in front of the real function, a real registry and real executions in an emulator of its own, and a proxy
 * of a few lines. What wakes the cluster is played by the test, which writes the record as the machines do.
 */
import { createServer, type RequestListener } from 'node:http';
import { rmSync } from 'node:fs';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateFunctionCommand, LambdaClient, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { ALBResult } from 'aws-lambda';
import { build } from 'esbuild';
import { strToU8, zipSync } from 'fflate';
import type { ClusterRecord } from '../../../functions/common/cluster/record.ts';
import { serviceGroup } from '../../../functions/common/cluster/names.ts';
import { putTask, type RegistryTable } from '../../../functions/common/registry/registry.ts';
import { startEmulator, stopEmulator } from '../../../local/emulator/emulator.ts';
import { awsEnvironment, type LocalSettings } from '../../../local/settings.ts';
import { awsClient } from '../../../local/stack/aws.ts';
import { aRecord, aTask } from '../../fixtures/clusters.ts';
import { emulatorSettings } from '../../fixtures/emulator.ts';
import { forwardTo, groupArn, stateOf, type ElbState } from '../local/load-balancer/elbv2-state.ts';
import { listen } from '../local/load-balancer/fake-emulator.ts';
import { setUp, type Setup } from '../local/load-balancer/fixture.ts';

const TABLE = 'registry';
const ROLE = 'arn:aws:iam::000000000000:role/test';
const MACHINE = 'redkite-test-wake-cluster';
/** Milvus' port is the same in every release, so a proxy of the test has an address of its own. */
export const PROXY_ADDRESS = '127.0.91.1';
export const CLIENT_PORT = 19530;

export type Handler = (event: unknown, context: object) => Promise<ALBResult>;

export class HoldRig {
  readonly registry: RegistryTable;
  readonly machineArn: string;
  readonly sfn: SFNClient;
  handler: Handler | undefined;
  private readonly settings: LocalSettings;

  private constructor(settings: LocalSettings) {
    this.settings = settings;
    this.sfn = awsClient(settings, SFNClient);
    this.registry = {
      client: DynamoDBDocumentClient.from(awsClient(settings, DynamoDBClient), {
        marshallOptions: { removeUndefinedValues: true },
      }),
      table: TABLE,
    };
    this.machineArn = `arn:aws:states:${settings.region}:${settings.accountId}:stateMachine:${MACHINE}`;
  }

  static async start(): Promise<HoldRig> {
    const python = process.env['REDKITE_PYTHON'];
    if (python === undefined) throw new Error('Run these tests with `npm run test:integration`.');
    const settings = await emulatorSettings('hold');
    await startEmulator(settings, { python, extraEnv: { REDKITE_GATEWAY_ADDRESS: '' } });
    const rig = new HoldRig(settings);
    await rig.deploy();
    return rig;
  }

  private async deploy(): Promise<void> {
    await awsClient(this.settings, DynamoDBClient).send(
      new CreateTableCommand({
        TableName: TABLE,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
    await this.sfn.send(
      new CreateStateMachineCommand({
        name: MACHINE,
        roleArn: ROLE,
        definition: JSON.stringify({ StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 1, End: true } } }),
      }),
    );
    await this.deployRelay();
    Object.assign(process.env, awsEnvironment(this.settings), {
      REGISTRY_TABLE: TABLE,
      WAKE_MACHINE_ARN: this.machineArn,
      RELAY_FUNCTION: 'relay',
      TARGET_GROUPS: groupArn('hold').replace(/1$/, ''),
      HOLD_SECONDS: '30',
      HELD_PER_CLUSTER: '200',
      IGNORED_AGENTS: 'defaults',
      IGNORED_PATHS: 'defaults',
      USED_PATHS: 'defaults',
    });
    // Read only now: the function takes its settings from the environment when it starts.
    const module = (await import('../../../functions/hold-request/handler.ts')) as unknown as { handler: Handler };
    this.handler = module.handler;
  }

  private async deployRelay(): Promise<void> {
    const { outputFiles } = await build({
      entryPoints: ['functions/relay-request/handler.ts'],
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      mainFields: ['module', 'main'],
      write: false,
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
      },
    });
    const lambda = awsClient(this.settings, LambdaClient);
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'relay',
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: ROLE,
        Timeout: 110,
        Code: { ZipFile: zipSync({ 'index.mjs': strToU8(outputFiles[0]?.text ?? '') }) },
        Environment: { Variables: { REGISTRY_TABLE: TABLE } },
      }),
    );
    // Fewer than are held in the tests: what finds no place among them tries again.
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: 'relay', ReservedConcurrentExecutions: 5 }));
  }

  async stop(): Promise<void> {
    await stopEmulator(this.settings);
    rmSync(this.settings.stateDir, { recursive: true, force: true });
  }

  /** The load balancer whose default action is the function; `rules` are the open ones. */
  serve(options: { rules?: readonly object[]; groups?: Parameters<typeof stateOf>[0]['groups'] } = {}): Promise<Setup> {
    return setUp(this.state(options), {
      invoke: async (event) => {
        const answer = await this.handler?.(event, {
          awsRequestId: 'test',
          functionName: 'hold',
          memoryLimitInMB: '256',
        });
        return { payload: Buffer.from(JSON.stringify(answer)), failed: false };
      },
    });
  }

  state({ rules = [], groups = [] }: Parameters<HoldRig['serve']>[0] & object): ElbState {
    const hold = {
      name: 'hold',
      TargetType: 'lambda',
      Attributes: [{ Key: 'lambda.multi_value_headers.enabled', Value: 'true' }],
      targets: [{ Id: 'arn:aws:lambda:eu-central-1:000000000000:function:hold' }],
    };
    return stateOf({ groups: [hold, ...groups], action: forwardTo('hold'), rules });
  }

  async put(changes: Partial<ClusterRecord> & { readonly name: string }): Promise<ClusterRecord> {
    const base = aRecord();
    const record = { ...base, generation: 4, ...changes, spec: { ...base.spec, ...changes.spec, name: changes.name } };
    await this.registry.client.send(
      new PutCommand({ TableName: TABLE, Item: { pk: record.name, sk: 'record', kind: 'cluster', value: record } }),
    );
    return record;
  }

  async runProxy(cluster: string, address: string): Promise<void> {
    const task = aTask({ taskId: `${cluster}-proxy`, group: serviceGroup(cluster, 'proxy'), address });
    await putTask(this.registry, cluster, task, new Date());
  }

  /** Names of all wakes of a cluster that were ever started. */
  async wakes(cluster: string): Promise<string[]> {
    const { executions = [] } = await this.sfn.send(new ListExecutionsCommand({ stateMachineArn: this.machineArn }));
    return executions.flatMap(({ name }) => (name?.startsWith(`${cluster}-wake-`) === true ? [name] : []));
  }

  async executionEnded(name: string): Promise<void> {
    const executionArn = `${this.machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    while ((await this.sfn.send(new DescribeExecutionCommand({ executionArn }))).status === 'RUNNING') {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Resolves when the wake has been asked for, as the machine would begin. */
  async wakeBegan(cluster: string, name: string): Promise<void> {
    while (!(await this.wakes(cluster)).includes(name)) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function restProxy(listener: RequestListener): Promise<{ stop(): Promise<void> }> {
  const server = createServer(listener);
  await listen(server, CLIENT_PORT, PROXY_ADDRESS);
  return {
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
