/**
 * The local AWS that all chaos tests share, as they see it: brought up by the suite that runs them (local/chaos.ts), harmed
 * by them cluster by cluster. Several files run at a time, each on clusters of its own.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  type ExecutionListItem,
} from '@aws-sdk/client-sfn';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { s3Store } from '../../functions/common/archive/store/s3.ts';
import type { ObjectStore } from '../../functions/common/archive/store/store.ts';
import { within } from '../../functions/common/lambda/polling.ts';
import type { RegistryTable } from '../../functions/common/registry/registry.ts';
import type { Watched } from '../../functions/watch-clusters/watch.ts';
import { localSettings, type LocalSettings } from '../../local/settings.ts';
import { awsClient, clientConfig } from '../../local/stack/aws.ts';

/** How often things that tell nobody of their changes are looked at: where a moment must not be missed, and for an end. */
const LOOK_MS = 100;
export const LOOK_AT_ENDS_MS = 300;

/**
 * Looks until there is something to see. `timeoutMs` is a bound for what hangs, never a wait; a look that never returns is
 * bounded by it as well (a client of Milvus can be such).
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  look: () => Promise<T | undefined>,
  everyMs = LOOK_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await within(look(), Math.max(LOOK_MS, deadline - Date.now()));
    if (found !== undefined && found !== 'late') return found;
    if (found === 'late' || Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

const ignore = (): void => undefined;

export interface Execution {
  readonly status: string;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly output: unknown;
  /** Milliseconds since the epoch. */
  readonly stoppedAt: number;
}

export class Stack {
  readonly settings: LocalSettings;
  readonly ecs: ECSClient;
  readonly discovery: ServiceDiscoveryClient;
  private readonly sfn: SFNClient;
  private readonly lambda: LambdaClient;
  private readonly s3: S3Client;
  private readonly machines = new Map<string, string>();
  /** By the ARN of an execution, the cluster that it works for. */
  private readonly clusters = new Map<string, string>();
  private table: Promise<string> | undefined;
  private running: Promise<void> | undefined;
  private next: Promise<Watched> | undefined;

  constructor(settings: LocalSettings = localSettings()) {
    this.settings = settings;
    this.ecs = awsClient(settings, ECSClient);
    this.discovery = awsClient(settings, ServiceDiscoveryClient);
    this.sfn = awsClient(settings, SFNClient);
    this.lambda = awsClient(settings, LambdaClient);
    this.s3 = new S3Client({ ...clientConfig(settings), forcePathStyle: true });
  }

  private functionName(name: string): string {
    return `redkite-${this.settings.stage}-${name}`;
  }

  private async environmentOf(name: string): Promise<Record<string, string>> {
    const FunctionName = this.functionName(name);
    const { Environment } = await this.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return Environment?.Variables ?? {};
  }

  /** Calls a function of the deployment; throws what it throws. */
  async invoke(name: string, payload: object): Promise<unknown> {
    const { FunctionError, Payload } = await this.lambda.send(
      new InvokeCommand({ FunctionName: this.functionName(name), Payload: Buffer.from(JSON.stringify(payload)) }),
    );
    const text = Buffer.from(Payload ?? []).toString();
    if (FunctionError !== undefined) throw new Error(`${name}: ${text}`);
    return JSON.parse(text);
  }

  async registry(): Promise<RegistryTable> {
    this.table ??= this.environmentOf('showCluster').then((variables) => variables['REGISTRY_TABLE'] ?? '');
    const table = await this.table;
    const client = DynamoDBDocumentClient.from(awsClient(this.settings, DynamoDBClient), {
      marshallOptions: { removeUndefinedValues: true },
    });
    return { client, table };
  }

  /** Where the archives of a cluster are. */
  async archives(cluster: string): Promise<ObjectStore> {
    const bucket = (await this.environmentOf('archiveMetadata'))['BUCKET'] ?? '';
    return s3Store(this.s3, bucket, `metadata/${cluster}/`);
  }

  private async machine(name: string): Promise<string> {
    if (this.machines.size === 0) {
      const { stateMachines = [] } = await this.sfn.send(new ListStateMachinesCommand({}));
      for (const { name: full = '', stateMachineArn = '' } of stateMachines) this.machines.set(full, stateMachineArn);
    }
    const arn = this.machines.get(`redkite-${this.settings.stage}-${name}`);
    if (arn === undefined) throw new Error(`There is no state machine ${name}.`);
    return arn;
  }

  /** As a person does from the console. Returns the ARN of the execution. */
  async start(machine: string, input: object): Promise<string> {
    const { executionArn = '' } = await this.sfn.send(
      new StartExecutionCommand({ stateMachineArn: await this.machine(machine), input: JSON.stringify(input) }),
    );
    return executionArn;
  }

  async ended(executionArn: string, timeoutMs: number): Promise<Execution> {
    const look = async () => {
      const { status = '', stopDate, ...rest } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'RUNNING' || stopDate === undefined) return undefined;
      const output = rest.output === undefined ? undefined : (JSON.parse(rest.output) as unknown);
      return { status, error: rest.error, cause: rest.cause, output, stoppedAt: stopDate.getTime() };
    };
    return until(`the end of ${executionArn}`, timeoutMs, look, LOOK_AT_ENDS_MS);
  }

  /** Executions of a machine that work for this cluster, the newest first. */
  async executions(machine: string, cluster: string): Promise<ExecutionListItem[]> {
    const stateMachineArn = await this.machine(machine);
    const { executions = [] } = await this.sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    const clusters = await Promise.all(executions.map(({ executionArn = '' }) => this.clusterOf(executionArn)));
    return executions
      .filter((_, index) => clusters[index] === cluster)
      .toSorted((a, b) => (b.startDate?.getTime() ?? 0) - (a.startDate?.getTime() ?? 0));
  }

  /** The newest executions for this cluster of every machine that had any, and how they ended. */
  async latest(cluster: string): Promise<readonly object[]> {
    // Fills the list of machines.
    await this.machine('wake-cluster');
    const prefix = `redkite-${this.settings.stage}-`;
    const names = [...this.machines.keys()].filter((full) => full.startsWith(prefix));
    const all = await Promise.all(names.map((full) => this.executions(full.slice(prefix.length), cluster)));
    const newest = all.flatMap((executions) => executions.slice(0, 3));
    return Promise.all(
      newest.map(async ({ executionArn, startDate, stopDate }) => {
        const { status, error, cause } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
        return { execution: executionArn?.split(':').slice(-2).join(':'), status, startDate, stopDate, error, cause };
      }),
    );
  }

  /** By its input, which stays as it is; asked for once. */
  private async clusterOf(executionArn: string): Promise<string> {
    const known = this.clusters.get(executionArn);
    if (known !== undefined) return known;
    const { input } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
    const { cluster = '' } = JSON.parse(input ?? '{}') as { cluster?: string };
    this.clusters.set(executionArn, cluster);
    return cluster;
  }

  /** How often the execution has entered this state. Throws when it has ended. */
  private async entries(executionArn: string, state: string): Promise<number> {
    const { events = [] } = await this.sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000 }));
    return events.filter(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name === state).length;
  }

  /** Resolves when the execution has entered this state, so many times. */
  async entered(executionArn: string, state: string, timeoutMs: number, times = 1): Promise<void> {
    await until(`${executionArn} in ${state}`, timeoutMs, async () => {
      const { status } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      if ((await this.entries(executionArn, state)) >= times) return true;
      if (status !== 'RUNNING') throw new Error(`${executionArn} ended ${status ?? ''} without being in ${state}.`);
      return undefined;
    });
  }

  /** As a person does from the console, or as an execution ends that is out of history. */
  async abort(executionArn: string): Promise<void> {
    await this.sfn.send(new StopExecutionCommand({ executionArn, error: 'Chaos', cause: 'the execution is ended' }));
  }

  /** Resolves when a machine works for this cluster in an execution that was not there before, with its ARN. */
  async begun(
    machine: string,
    cluster: string,
    before: readonly Pick<ExecutionListItem, 'executionArn'>[],
    timeoutMs: number,
  ) {
    return until(`an execution of ${machine} for ${cluster}`, timeoutMs, async () => {
      const now = await this.executions(machine, cluster);
      return now.find(({ executionArn }) => !before.some((known) => known.executionArn === executionArn))?.executionArn;
    });
  }

  /** Ships what the clusters have changed, as the schedule does every minute; this one's must not have failed. */
  async ship(cluster: string): Promise<void> {
    const { failed } = await this.watch();
    // Others may be at work in clusters of their own meanwhile.
    expect(failed.filter((failure) => failure.cluster === cluster)).toEqual([]);
  }

  /**
   * The minutely watch over all clusters, without waiting for the minute. Those who ask while it is under way share the next
   * call: each has a Node process of its own, and looks at everything.
   */
  watch(): Promise<Watched> {
    const { running } = this;
    this.next ??= (running ?? Promise.resolve()).then(() => {
      const call = this.invoke('watchClusters', {}) as Promise<Watched>;
      this.next = undefined;
      this.running = call.then(ignore, ignore);
      return call;
    });
    return this.next;
  }

  private async admin(path: string, body: object): Promise<Record<string, unknown>> {
    const response = await fetch(`http://127.0.0.1:${this.settings.ports.emulator}/_redkite/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  }

  /** To the registrar, in one batch as the queue does it, tasks as they were at some moment (an event carries no more). */
  async sendTaskEvents(details: readonly object[]): Promise<void> {
    const Records = details.map((detail, index) => ({
      messageId: String(index),
      body: JSON.stringify({ source: 'aws.ecs', 'detail-type': 'ECS Task State Change', detail }),
    }));
    expect(await this.invoke('registerTask', { Records })).toEqual({ batchItemFailures: [] });
  }

  /** Ends the processes that work on calls with this text now, as when a machine under them fails. */
  async killFunction(name: string, containing: string): Promise<void> {
    const { killed } = await this.admin('kills', { function: this.functionName(name), containing });
    if (killed !== 1) throw new Error(`${String(killed)} calls of ${name} with ${containing} were under way.`);
  }

  /** From now on every n-th call that holds the text fails before it does anything; 0 ends that. */
  async failEvery(name: string, nth: number, containing = ''): Promise<void> {
    await this.admin('faults', { function: this.functionName(name), every: nth, containing });
  }
}
