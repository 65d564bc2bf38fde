/**
 * What is known of a quorum at one moment: the tasks that ECS runs for its members, what the members that answer say of
 * themselves, and the list of members as etcd holds it. Gathered by two functions (ECS is seen from outside the VPC, etcd
 * from inside), so the parts travel through a state machine: hence the schemas.
 */
import { z } from 'zod';
import { memberGroups, parseTaskGroup } from '../cluster/names.ts';
import { isOver, isStarting, type TaskObservation } from '../cluster/tasks.ts';

export const memberTaskSchema = z.object({
  ordinal: z.int().min(0),
  taskId: z.string(),
  taskArn: z.string(),
  /** `stopping`: somebody asked it to stop; its process may still answer, its data is as good as gone. */
  state: z.enum(['starting', 'running', 'stopping']),
  address: z.string().optional(),
  image: z.string().optional(),
});

/** A task whose process is gone is not listed: nothing of it is left. */
export type MemberTask = z.infer<typeof memberTaskSchema>;

export const quorumTasksSchema = z.object({
  /** The quorum as it should be: index = ordinal, value = the peer URL that is this member's identity. */
  peerUrls: z.array(z.string()).min(1).max(5),
  tasks: z.array(memberTaskSchema),
  /** Tasks to be replaced although they are healthy (before ECS retires them, for an upgrade). */
  retire: z.array(z.string()).default([]),
});

export type QuorumTasks = z.infer<typeof quorumTasksSchema>;

/**
 * What one assessment hands to the next; it may be lost at any time (a new execution begins without it, or with what the
 * minutely watch has seen).
 */
export const memorySchema = z.object({
  /** Since when a condition holds, by its key; milliseconds since the epoch. */
  since: z.record(z.string(), z.number()).default({}),
  /** When the last look was. What held then is not known to have held ever since, when that is too long ago. */
  seenAt: z.number().optional(),
  /** Member ids whose one task was started and is gone: they can never be started again. */
  spent: z.array(z.string()).default([]),
});

export type QuorumMemory = z.infer<typeof memorySchema>;

/** Ids are decimal strings: they have 64 bits. */
export interface MemberStatus {
  readonly address: string;
  readonly memberId: string;
  readonly clusterId: string;
  /** '0' while the member knows of none. */
  readonly leader: string;
  readonly isLearner: boolean;
  readonly raftIndex: number;
  readonly raftTerm: number;
}

export interface ListedMember {
  readonly id: string;
  /** Empty until the member has started for the first time. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MemberList {
  /** True when a quorum stood behind the answer; else it is what the best informed survivor remembers. */
  readonly linearizable: boolean;
  readonly clusterId: string;
  readonly members: readonly ListedMember[];
}

export interface QuorumObservation extends QuorumTasks {
  /** Of the members that answered. */
  readonly statuses: readonly MemberStatus[];
  readonly list?: MemberList;
  readonly memory: QuorumMemory;
}

export const quorumOf = (voters: number): number => Math.floor(voters / 2) + 1;

/** Undefined once it is over. */
function memberTask(task: TaskObservation, ordinal: number): MemberTask | undefined {
  if (isOver(task)) return undefined;
  const asked = task.desiredStatus === 'STOPPED';
  const state = asked
    ? 'stopping'
    : isStarting(task)
      ? 'starting'
      : task.lastStatus === 'RUNNING'
        ? 'running'
        : 'stopping';
  return {
    ordinal,
    taskId: task.taskId,
    taskArn: task.taskArn,
    state,
    ...(task.address === undefined ? {} : { address: task.address }),
    ...(task.image === undefined ? {} : { image: task.image }),
  };
}

/** Those of a cluster's tasks that are members of its quorum and have something left of them. */
export function memberTasks(cluster: string, size: number, tasks: readonly TaskObservation[]): MemberTask[] {
  const groups = memberGroups(cluster, size);
  return tasks.flatMap((task) => {
    const part = parseTaskGroup(task.group);
    const member = part?.kind === 'member' && groups.includes(task.group) ? memberTask(task, part.ordinal) : undefined;
    return member === undefined ? [] : [member];
  });
}
