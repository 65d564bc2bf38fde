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
    .array(z.object({ exitCode: z.number().optional(), reason: z.string().optional(), image: z.string().optional() }))
    .optional(),
});

export interface TaskObservation {
  readonly taskId: string;
  readonly taskArn: string;
  readonly group: string;
  readonly lastStatus: string;
  readonly desiredStatus: string;
  readonly version: number;
  /** Private IPv4 address; present from the moment its network interface is attached. */
  readonly address?: string;
  readonly stopCode?: string;
  readonly stoppedReason?: string;
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
  const reason = [
    task.stoppedReason,
    ...(task.containers ?? []).map((container) => container.reason),
    ...(task.containers ?? []).map((container) => (container.exitCode ? `exit code ${container.exitCode}` : undefined)),
  ].filter((text) => text !== undefined);
  return {
    taskId: taskIdOf(task.taskArn),
    taskArn: task.taskArn,
    group: task.group ?? '',
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    version: task.version ?? 0,
    ...(address === undefined ? {} : { address }),
    ...(task.stopCode === undefined ? {} : { stopCode: task.stopCode }),
    ...(reason.length === 0 ? {} : { stoppedReason: reason.join('; ') }),
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

export function isStopped(task: TaskObservation): boolean {
  return task.lastStatus === 'STOPPED';
}
