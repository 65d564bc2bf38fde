/**
 * What may take longer than a request (29 s at API Gateway) runs as an execution. Its name follows from the request, so a
 * request that comes twice starts one. Who asks gets the result when it is there soon, or the address to read it from.
 */
import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { hasName, isAwsUnavailable } from '../lambda/errors.ts';
import { pollUntil, type Clock } from '../lambda/polling.ts';
import type { ApiResponse } from './api.ts';
import { startForRequest } from './start.ts';

/** What an execution does, and the machine that does it. */
export const EXECUTION_KINDS = {
  archive: 'archive-metadata',
  verify: 'examine-archives',
  compare: 'examine-archives',
  plan: 'recover-quorum',
  restore: 'recover-quorum',
} as const;
export type ExecutionKind = keyof typeof EXECUTION_KINDS;

const EXECUTION_NAME =
  /^(?<cluster>[a-z][a-z0-9-]*)-(?<kind>archive|verify|compare|plan|restore)-(?<key>[0-9a-f]{16})$/;
/** The gateway gives up after 29 s. */
export const FOLLOW_MS = 20_000;
const LOOK_MS = 250;

export const executionViewSchema = z
  .object({
    name: z.string(),
    kind: z.enum(Object.keys(EXECUTION_KINDS) as [ExecutionKind, ...ExecutionKind[]]),
    status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE']),
    startedAt: z.iso.datetime().optional(),
    endedAt: z.iso.datetime().optional(),
    result: z.unknown().optional().meta({ description: 'What it answers, once it has succeeded.' }),
    error: z.string().optional(),
    cause: z.string().optional(),
  })
  .meta({ id: 'Execution' });
export type ExecutionView = z.input<typeof executionViewSchema>;

export interface Executions {
  readonly sfn: SFNClient;
  /** ARNs (`arn:...:stateMachine:redkite-<stage>-<machine>`) of the machines that the function may start or read, and no others. */
  readonly machines: readonly string[];
}

function machineOf({ machines }: Executions, kind: ExecutionKind): string {
  const machine = machines.find((arn) => arn.endsWith(`-${EXECUTION_KINDS[kind]}`));
  if (machine === undefined) throw new Error(`MACHINES names no ${EXECUTION_KINDS[kind]}.`);
  return machine;
}

/** One a minute, or one for each key that the caller gives. */
export function requestKey(subject: object, now: Date, idempotencyKey?: string): string {
  const moment = idempotencyKey === undefined ? Math.floor(now.getTime() / 60_000) : `key ${idempotencyKey}`;
  return createHash('sha256').update(JSON.stringify({ subject, moment })).digest('hex').slice(0, 16);
}

export const requestName = (cluster: string, kind: ExecutionKind, key: string) => `${cluster}-${kind}-${key}`;
export const executionPath = (cluster: string, name: string) => `/clusters/${cluster}/executions/${name}`;

/** Undefined for a name that none of these executions has. */
export function kindOfExecution(cluster: string, name: string): ExecutionKind | undefined {
  const groups = EXECUTION_NAME.exec(name)?.groups;
  return groups?.['cluster'] === cluster ? (groups['kind'] as ExecutionKind) : undefined;
}

export function startExecution(
  executions: Executions,
  kind: ExecutionKind,
  name: string,
  input: object,
): Promise<void> {
  return startForRequest(executions.sfn, { stateMachineArn: machineOf(executions, kind), name, input });
}

/** Undefined when there is no such execution (any more: Step Functions forgets them after 90 days). */
export async function describeExecution(
  executions: Executions,
  kind: ExecutionKind,
  name: string,
): Promise<ExecutionView | undefined> {
  const executionArn = `${machineOf(executions, kind).replace(':stateMachine:', ':execution:')}:${name}`;
  try {
    const found = await executions.sfn.send(new DescribeExecutionCommand({ executionArn }));
    const { status, startDate, stopDate, output, error, cause } = found;
    return {
      ...{ name, kind, status: status ?? 'RUNNING' },
      ...(startDate === undefined ? {} : { startedAt: startDate.toISOString() }),
      ...(stopDate === undefined ? {} : { endedAt: stopDate.toISOString() }),
      ...(output === undefined ? {} : { result: JSON.parse(output) as unknown }),
      ...(error === undefined ? {} : { error }),
      ...(cause === undefined ? {} : { cause: plainCause(cause) }),
    };
  } catch (error) {
    if (hasName(error, 'ExecutionDoesNotExist')) return undefined;
    throw error;
  }
}

/** A function's error comes as JSON with a stack; people need its message. */
function plainCause(cause: string): string {
  try {
    const parsed = z.object({ errorMessage: z.string() }).safeParse(JSON.parse(cause));
    return parsed.success ? parsed.data.errorMessage : cause;
  } catch {
    return cause;
  }
}

/** What is not seen runs: of one that has just been started, "try again" would start another, with another minute in its name. */
async function seenOrRunning(executions: Executions, kind: ExecutionKind, name: string): Promise<ExecutionView> {
  try {
    const seen = await describeExecution(executions, kind, name);
    if (seen !== undefined) return seen;
  } catch (error) {
    if (!isAwsUnavailable(error)) throw error;
  }
  return { name, kind, status: 'RUNNING' };
}

/** 200 with the ended execution, or 202 with one that still runs; its address is in `location` both times. */
export async function startAndFollow(
  executions: Executions,
  { cluster, kind, key, input }: { cluster: string; kind: ExecutionKind; key: string; input: object },
  { waitMs, clock }: { waitMs: number; clock: Clock },
): Promise<ApiResponse> {
  const name = requestName(cluster, kind, key);
  await startExecution(executions, kind, name, input);
  const { view } = await pollUntil(
    async () => {
      const seen = await seenOrRunning(executions, kind, name);
      return { ready: seen.status !== 'RUNNING', view: seen };
    },
    { intervalMs: LOOK_MS, budgetMs: waitMs, clock },
  );
  return {
    status: view.status === 'RUNNING' ? 202 : 200,
    body: view,
    headers: {
      location: executionPath(cluster, name),
      ...(view.status === 'RUNNING' ? { 'retry-after': '5' } : {}),
    },
  };
}
