/**
 * Runs the state machines as they stand in the emulator, with real invocations: each function is a stand-in that asks the
 * test, over loopback, what to do (answer, throw an error by its name, or never come back). So names of errors, retries,
 * catches, timeouts and task tokens go the way they go in production.
 */
import { createServer, type Server } from 'node:http';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { strToU8, zipSync } from 'fflate';
import { startEmulator, stopEmulator } from '../../local/emulator/emulator.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { awsClient } from '../../local/stack/aws.ts';
import { emulatorSettings } from '../fixtures/emulator.ts';

const folder = join(import.meta.dirname, '../../statemachines');
export const MACHINES = readdirSync(folder)
  .filter((file) => file.endsWith('.asl.json'))
  .map((file) => file.replace('.asl.json', ''));
const ROLE = 'arn:aws:iam::000000000000:role/test';

export type Reply =
  { readonly result: unknown } | { readonly error: string; readonly message?: string } | { readonly hang: true };

/** What a stand-in does when it is called for the `nth` time (from 1). */
export type Behaviour = (event: Record<string, unknown>, nth: number) => Reply | Promise<Reply>;

export interface Ended {
  readonly status: string;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly output: unknown;
}

const STAND_IN = `
export const handler = async (event, context) => {
  const reply = await (await fetch(process.env.ASK, { method: 'POST', body: JSON.stringify({ name: process.env.NAME, event }) })).json();
  if (reply.hang) await new Promise((resolve) => setTimeout(resolve, 600000));
  if (reply.error) { const error = new Error(reply.message ?? reply.error); error.name = reply.error; throw error; }
  return reply.result;
};`;

export class Rig {
  readonly sfn: SFNClient;
  readonly lambda: LambdaClient;
  /** Names of the functions in the order of their calls, of the current test. */
  calls: { readonly name: string; readonly event: Record<string, unknown> }[] = [];
  private readonly settings: LocalSettings;
  private readonly server: Server;
  private behaviours: Readonly<Record<string, Behaviour>> = {};
  private runs = 0;

  private constructor(settings: LocalSettings, server: Server) {
    this.settings = settings;
    this.server = server;
    this.sfn = awsClient(settings, SFNClient);
    this.lambda = awsClient(settings, LambdaClient);
  }

  static async start(): Promise<Rig> {
    const python = process.env['REDKITE_PYTHON'];
    if (python === undefined) throw new Error('Run these tests with `npm run test:statemachines`.');
    const settings = await emulatorSettings('machines');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const rig = new Rig(settings, server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        void rig.answer(Buffer.concat(chunks).toString()).then((reply) => response.end(JSON.stringify(reply)));
      });
    });
    // Waits and retries pass a hundred times as fast; timeouts are set by each test.
    await startEmulator(settings, { python, extraEnv: { SFN_WAIT_SCALE: '0.01', REDKITE_GATEWAY_ADDRESS: '' } });
    await rig.createStandIns();
    return rig;
  }

  async stop(): Promise<void> {
    await stopEmulator(this.settings);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.settings.stateDir, { recursive: true, force: true });
  }

  /** Makes a fresh set of all machines (changed by `edit`), runs one, and waits for its end. */
  async run(
    machine: string,
    input: Record<string, unknown>,
    behaviours: Readonly<Record<string, Behaviour>> = {},
    edit: (definition: string, machine: string) => string = (definition) => definition,
  ): Promise<Ended> {
    this.behaviours = behaviours;
    this.calls = [];
    this.runs += 1;
    const prefix = `run${this.runs}`;
    const arnOf = (name: string) =>
      `arn:aws:states:${this.settings.region}:${this.settings.accountId}:stateMachine:${prefix}-${name}`;
    for (const name of MACHINES) {
      const text = readFileSync(join(folder, `${name}.asl.json`), 'utf8');
      const definition = withoutHandOver(edit(text, name), arnOf(NOTED)).replaceAll(
        /\$\{(\w+?)(Function|Machine)\}/g,
        (_, subject: string, kind: string) =>
          kind === 'Function'
            ? this.functionArn(subject)
            : arnOf(subject === 'CleanUp' ? 'clean-up-cluster' : kebab(subject)),
      );
      await this.sfn.send(new CreateStateMachineCommand({ name: `${prefix}-${name}`, definition, roleArn: ROLE }));
    }
    await this.sfn.send(
      new CreateStateMachineCommand({ name: `${prefix}-${NOTED}`, definition: NOTED_DEFINITION, roleArn: ROLE }),
    );
    const { executionArn } = await this.sfn.send(
      new StartExecutionCommand({
        stateMachineArn: arnOf(machine),
        name: 'demo-create-1',
        input: JSON.stringify(input),
      }),
    );
    return this.ended(executionArn ?? '');
  }

  /** Inputs of the executions that the last run started and did not wait for. */
  async handedOver(): Promise<unknown[]> {
    const { stateMachines = [] } = await this.sfn.send(new ListStateMachinesCommand({}));
    const noted = stateMachines.find(({ name }) => name === `run${this.runs}-${NOTED}`);
    const { executions = [] } = await this.sfn.send(
      new ListExecutionsCommand({ stateMachineArn: noted?.stateMachineArn }),
    );
    return Promise.all(
      executions.map(async ({ executionArn }) => {
        const { input } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
        return JSON.parse(input ?? 'null') as unknown;
      }),
    );
  }

  /**
   * Every state that the last run entered, in its own execution and in those that it waited for, as `machine/state`: what
   * Step Functions bills, besides retries.
   */
  async transitions(): Promise<string[]> {
    const { stateMachines = [] } = await this.sfn.send(new ListStateMachinesCommand({}));
    const prefix = `run${this.runs}-`;
    const ours = stateMachines.filter(({ name = '' }) => name.startsWith(prefix) && name !== `${prefix}${NOTED}`);
    const found = await Promise.all(
      ours.map(async ({ stateMachineArn, name = '' }) => {
        const { executions = [] } = await this.sfn.send(new ListExecutionsCommand({ stateMachineArn }));
        const histories = await Promise.all(executions.map(({ executionArn }) => this.statesEntered(executionArn)));
        return histories.flat().map((state) => `${name.slice(prefix.length)}/${state}`);
      }),
    );
    return found.flat();
  }

  callNames(): string[] {
    return this.calls.map(({ name }) => name);
  }

  private async statesEntered(executionArn: string | undefined): Promise<string[]> {
    const { events = [] } = await this.sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000 }));
    return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
  }

  private async ended(executionArn: string): Promise<Ended> {
    for (;;) {
      const { status, error, cause, output } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      if (status !== 'RUNNING') {
        return { status: status ?? '', error, cause, output: output === undefined ? undefined : JSON.parse(output) };
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async answer(text: string): Promise<Reply> {
    const { name, event } = JSON.parse(text) as { name: string; event: Record<string, unknown> };
    this.calls.push({ name, event });
    const nth = this.calls.filter((call) => call.name === name).length;
    const behaviour = this.behaviours[name] ?? DEFAULTS[name];
    if (behaviour === undefined) return { error: 'NoBehaviour', message: `the test says nothing of ${name}` };
    const reply = await behaviour(event, nth);
    if (name === 'AwaitTasks') await this.answerToken(event, reply);
    return name === 'AwaitTasks' && !('error' in reply) ? { result: null } : reply;
  }

  /** The stand-in of the registrar: what the barrier would be told. */
  private async answerToken(event: Record<string, unknown>, reply: Reply): Promise<void> {
    const taskToken = String(event['token']);
    if (!('result' in reply)) return;
    try {
      await this.sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(reply.result) }));
    } catch (error) {
      // The state has timed out meanwhile, as the test wanted.
      if (!(error instanceof TaskTimedOut)) throw error;
    }
  }

  /** A barrier that breaks: the function itself has come back, the token is answered with an error. */
  async breakBarrier(event: Record<string, unknown>, error: string, cause: string): Promise<Reply> {
    await this.sfn.send(new SendTaskFailureCommand({ taskToken: String(event['token']), error, cause }));
    return { hang: true };
  }

  private functionArn(subject: string): string {
    return `arn:aws:lambda:${this.settings.region}:${this.settings.accountId}:function:${subject}`;
  }

  private async createStandIns(): Promise<void> {
    const code = zipSync({ 'index.mjs': strToU8(STAND_IN) });
    const { port } = this.server.address() as AddressInfo;
    for (const name of Object.keys(DEFAULTS)) {
      await this.lambda.send(
        new CreateFunctionCommand({
          FunctionName: name,
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: ROLE,
          Timeout: 60,
          Code: { ZipFile: code },
          Environment: { Variables: { NAME: name, ASK: `http://127.0.0.1:${port}/` } },
        }),
      );
    }
  }
}

const GROUPS = [{ group: 'service:demo_proxy', addresses: ['10.0.0.1'] }];
const PLAN = {
  cluster: 'demo',
  generation: 1,
  brokers: ['b-1:9096'],
  members: [{ group: 'member:demo:0', count: 1 }],
  roles: [{ group: 'service:demo_proxy', count: 1 }],
};
const ready = { result: { ready: true, reason: 'fine' } };

const OBSERVED = {
  peerUrls: ['http://etcd-0.demo.redkite.internal:2380'],
  tasks: [{ ordinal: 0, taskId: 'a', taskArn: 'arn', state: 'running', address: '10.0.0.1' }],
  retire: [],
};

/** Takes the place of machines that are started and not waited for: they would go on into the next test. */
const NOTED = 'noted';
const NOTED_DEFINITION = JSON.stringify({ StartAt: 'Noted', States: { Noted: { Type: 'Succeed' } } });

function withoutHandOver(definition: string, noted: string): string {
  return JSON.stringify(JSON.parse(definition), (_, value: unknown) => {
    const state = value as { Resource?: unknown; Arguments?: object } | null;
    return state?.Resource === 'arn:aws:states:::states:startExecution'
      ? { ...state, Arguments: { ...state.Arguments, StateMachineArn: noted } }
      : value;
  });
}

/** When AssessQuorum and AdvanceQuorum looked, as they say. */
export const SEEN_AT = 1_700_000_000_000;

/** An answer of AssessQuorum, and of AdvanceQuorum. */
export function assessed(action: Record<string, unknown>, reason: string, since: Record<string, number> = {}): Reply {
  return { result: { action, reason, memory: { since, seenAt: SEEN_AT, spent: [] }, tasks: [{ taskId: 'a' }] } };
}

/** An answer of AssessMaintenance. */
export function maintained(action: Record<string, unknown>, reason: string): Reply {
  return {
    result: {
      action,
      reason,
      plan: [{ action, reason }],
      addresses: ['10.0.0.1'],
      memory: { since: {}, seenAt: 1, spent: [] },
    },
  };
}

/** An answer of BeginSleep. */
export function begunSleep(changes: Record<string, unknown>): Reply {
  const failure = { error: '', cause: '' };
  const begun = { ...OPERATION, way: 'sleep', point: 'begun', reason: 'idle', groups: GROUPS };
  return { result: { ...begun, unarchived: true, archive: null, failure, ...changes } };
}

/** An answer of VerifyCluster. */
export function verified(progress: number, loading: readonly string[]): Reply {
  const names = loading.join(', ');
  const reason = loading.length === 0 ? 'every collection that was loaded is loaded' : `still loading: ${names}`;
  return { result: { ready: loading.length === 0, reason, loading: names, progress } };
}

/** Everything goes well. */
export const DEFAULTS: Readonly<Record<string, Behaviour>> = {
  PlanCluster: () => ({ result: PLAN }),
  CheckMessaging: () => ready,
  WarmFunctions: () => ({ result: { warmed: 5 } }),
  LaunchMembers: () => ({ result: { launched: [0] } }),
  AwaitTasks: () => ({ result: { groups: GROUPS } }),
  ProbeQuorum: () => ready,
  ListAddresses: () => ({ result: { groups: GROUPS } }),
  OpenMetadata: () => ({ result: { addresses: ['10.0.0.1'] } }),
  LaunchServices: () => ({ result: { services: [] } }),
  ProbeCompute: () => ready,
  VerifyCluster: () => verified(100, []),
  PrepareEntry: () => ({ result: { targetGroups: ['tg'] } }),
  CheckTargets: () => ready,
  OpenEntry: () => ({ result: { hosts: ['demo.*'] } }),
  FinishOperation: (event) => ({ result: { phase: event['outcome'] } }),
  CloseEntry: () => ({ result: { closed: true } }),
  RemoveCompute: () => ({ result: { wants: [] } }),
  ObserveMembers: () => ({ result: { turn: 'ours', reason: 'as wanted', observed: OBSERVED } }),
  AssessQuorum: () => assessed({ kind: 'none' }, 'all members are healthy'),
  AdvanceQuorum: () => assessed({ kind: 'none' }, 'all members are healthy'),
  LaunchMember: (event) => ({ result: { wants: PLAN.members, launched: true, spent: event['spent'] } }),
  StopMember: () => ({ result: { stopped: 'arn' } }),
  PlanRecovery: () => ({
    result: {
      verdict: 'recover',
      source: { kind: 'archive', name: 'a', revision: 9, asOf: '2026-01-01T00:00:00.000Z' },
      reason: 'no member is left to read',
      ...{ lost: 'the last minute', lostMs: 60_000, notes: [] },
    },
  }),
  BeginRecovery: () => ({ result: { cluster: 'demo', generation: 2 } }),
  StopCluster: () => ({ result: { wants: [] } }),
  RestoreMetadata: () => ({ result: { done: true, keys: 3 } }),
  ArchiveMetadata: () => ({ result: { archive: { name: 'a', revision: 7, keys: 1 } } }),
  ExamineArchives: (event) => ({ result: { archive: event['verify'], keys: 3 } }),
  FinishReplacement: () => ({ result: { released: true } }),
  PlanUpgrade: () => ({ result: { verdict: 'upgrade', reason: '1 of 3 members', replaces: ['etcd-0'] } }),
  AssessMaintenance: () => maintained({ kind: 'none' }, 'nothing is due'),
  MaintainMembers: () => ({ result: { done: true, reason: 'done' } }),
  FinishMaintenance: () => ({ result: { replacing: false } }),
  BeginSleep: () => begunSleep({}),
  ObserveActivity: () => ({ result: { idle: true, reason: 'nothing is asked of it' } }),
  DivertRequests: () => ({ result: { outcome: 'reached' } }),
  FlushCluster: () => ({ result: { outcome: 'flushed', asked: 1 } }),
  StopCompute: () => ({ result: { outcome: 'reached', wants: [] } }),
  StopMembers: () => ({ result: { wants: [] } }),
  BeginWake: () => ({ result: { ...PLAN, restore: { archive: 'a', revision: 7 } } }),
};

export const OPERATION = { cluster: 'demo', generation: 1 };
export const INPUTS: Readonly<Record<string, Record<string, unknown>>> = {
  'create-cluster': OPERATION,
  'bootstrap-quorum': { ...OPERATION, members: PLAN.members },
  'start-compute': { ...OPERATION, roles: PLAN.roles, brokers: PLAN.brokers },
  'replace-member': { cluster: 'demo', taskId: 'a', reason: 'etcd-0 has stopped' },
  'archive-metadata': { cluster: 'demo' },
  'recover-quorum': { cluster: 'demo' },
  'examine-archives': { cluster: 'demo', verify: 'a' },
  'maintain-quorum': { cluster: 'demo' },
  'sleep-cluster': OPERATION,
  'wake-cluster': OPERATION,
  'register-endpoints': { ...OPERATION, groups: GROUPS },
  'clean-up-cluster': { ...OPERATION, error: 'QuorumNotFormed', cause: 'no leader' },
};

/** Gives one state of a definition another timeout, in seconds. */
export function withTimeout(definition: string, state: string, seconds: number): string {
  const at = definition.indexOf(`"${state}": {`);
  if (at < 0) return definition;
  return (
    definition.slice(0, at) + definition.slice(at).replace(/"TimeoutSeconds": \d+/, `"TimeoutSeconds": ${seconds}`)
  );
}

/** Polling that may go on for minutes gives up after `milliseconds`. */
export function withDeadline(definition: string, milliseconds: number): string {
  return definition.replaceAll(/\$millis\(\) \+ \d+/g, `$millis() + ${milliseconds}`);
}

const kebab = (name: string) => name.replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase();
