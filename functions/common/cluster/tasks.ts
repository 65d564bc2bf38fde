/**
 * ECS tasks as Redkite sees them, from a task state change event or from DescribeTasks: both carry the same fields. ECS
 * counts up `version` with each change of a task, so late, doubled and reordered events can be told apart.
 */
import { z } from 'zod';
import { taskIdOf } from './names.ts';

const rawTaskSchema = z.object({
  taskArn: z.string(),
  group: z.string().optional(),
  lastStatus: z.string(),
  desiredStatus: z.string(),
  version: z.number().optional(),
  stoppedReason: z.string().optional(),
  stopCode: z.string().optional(),
  createdAt: z.union([z.string(), z.date()]).optional(),
  stoppedAt: z.union([z.string(), z.date()]).optional(),
  attachments: z
    .array(
      z.object({
        details: z.array(z.object({ name: z.string().optional(), value: z.string().optional() })).optional(),
      }),
    )
    .optional(),
  cpu: z.string().optional(),
  memory: z.string().optional(),
  containers: z
    .array(
      z.object({
        lastStatus: z.string().optional(),
        exitCode: z.number().optional(),
        reason: z.string().optional(),
        image: z.string().optional(),
      }),
    )
    .optional(),
});

export interface TaskObservation {
  readonly taskId: string;
  readonly taskArn: string;
  readonly group: string;
  readonly lastStatus: string;
  readonly desiredStatus: string;
  readonly version: number;
  /** Its processes are gone, and their data with them; the task may still be on its way to STOPPED, for a minute on Fargate. */
  readonly ended?: true;
  /** Private IPv4 address; present from the moment its network interface is attached. */
  readonly address?: string;
  readonly stopCode?: string;
  readonly stoppedReason?: string;
  /** ISO 8601. */
  readonly createdAt?: string;
  /** ISO 8601. */
  readonly stoppedAt?: string;
  /** Of its one container, as the task definition names it. */
  readonly image?: string;
  /** Fargate CPU units and MiB, as ECS writes them. */
  readonly cpu?: string;
  readonly memory?: string;
}

/** Takes the `detail` of a task state change event, or a task of DescribeTasks. Throws on anything else. */
export function observeTask(raw: unknown): TaskObservation {
  const task = rawTaskSchema.parse(raw);
  const address = task.attachments
    ?.flatMap((attachment) => attachment.details ?? [])
    .find((detail) => detail.name === 'privateIPv4Address')?.value;
  const image = task.containers?.find((container) => container.image !== undefined)?.image;
  const containers = task.containers ?? [];
  const ended = containers.length > 0 && containers.every(({ lastStatus }) => lastStatus === 'STOPPED');
  const reason = [
    task.stoppedReason,
    ...containers.map((container) => container.reason),
    ...containers.map((container) => (container.exitCode ? `exit code ${container.exitCode}` : undefined)),
  ].filter((text) => text !== undefined);
  return {
    taskId: taskIdOf(task.taskArn),
    taskArn: task.taskArn,
    group: task.group ?? '',
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    version: task.version ?? 0,
    ...(ended ? { ended } : {}),
    ...(address === undefined ? {} : { address }),
    ...(task.stopCode === undefined ? {} : { stopCode: task.stopCode }),
    ...(reason.length === 0 ? {} : { stoppedReason: reason.join('; ') }),
    ...(task.createdAt === undefined ? {} : { createdAt: new Date(task.createdAt).toISOString() }),
    ...(task.stoppedAt === undefined ? {} : { stoppedAt: new Date(task.stoppedAt).toISOString() }),
    ...(image === undefined ? {} : { image }),
    ...(task.cpu === undefined ? {} : { cpu: task.cpu }),
    ...(task.memory === undefined ? {} : { memory: task.memory }),
  };
}

/** Serving, or about to serve: it runs, nobody has asked it to stop, and its address is known. */
export function isServing(task: TaskObservation): task is TaskObservation & { readonly address: string } {
  return task.lastStatus === 'RUNNING' && task.desiredStatus === 'RUNNING' && task.address !== undefined;
}

/** About to run, and its address is known already. */
export function isArriving(task: TaskObservation): task is TaskObservation & { readonly address: string } {
  return isStarting(task) && task.desiredStatus === 'RUNNING' && task.address !== undefined;
}

export function isStarting({ lastStatus }: TaskObservation): boolean {
  return ['PROVISIONING', 'PENDING', 'ACTIVATING'].includes(lastStatus);
}

/** Nothing of it is left that could answer or write. */
export function isOver(task: TaskObservation): boolean {
  return isStopped(task) || task.ended === true;
}

export function isStopped(task: TaskObservation): boolean {
  return task.lastStatus === 'STOPPED';
}
