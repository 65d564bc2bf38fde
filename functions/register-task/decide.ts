/**
 * What a task's new state means for the names and targets of its cluster. Pure; the handler gathers and acts.
 *
 * A name or target is taken over by the newest task that serves; it is given up only by the task that holds it, so a late
 * STOPPED of a replaced task cannot take the name from its successor.
 */
import type { ClusterRecord } from '../common/cluster/record.ts';
import type { TaskPart } from '../common/cluster/names.ts';
import { isServing, isStopped, type TaskObservation } from '../common/cluster/tasks.ts';

export type RegistrationAction =
  | {
      readonly kind: 'register-name';
      readonly serviceId: string;
      readonly instanceId: string;
      readonly address: string;
    }
  | { readonly kind: 'deregister-name'; readonly serviceId: string; readonly instanceId: string }
  | {
      readonly kind: 'register-target';
      readonly targetGroupArn: string;
      readonly address: string;
      readonly port: number;
    }
  | {
      readonly kind: 'deregister-target';
      readonly targetGroupArn: string;
      readonly address: string;
      readonly port: number;
    };

export interface RegistrationInput {
  readonly part: TaskPart;
  readonly task: TaskObservation;
  readonly record: ClusterRecord;
  /** Everything else that is known to run for the cluster. */
  readonly tasks: readonly TaskObservation[];
  readonly clientPort: number;
}

/** The id under which a member stands in Cloud Map, in its own name and in the metadata name. */
export const memberInstanceId = (ordinal: number) => `member-${ordinal}`;

export function decideRegistration(input: RegistrationInput): RegistrationAction[] {
  return input.part.kind === 'member'
    ? decideMember(input, input.part.ordinal)
    : input.part.role === 'proxy'
      ? decideProxy(input)
      : [];
}

function decideMember({ task, record, tasks }: RegistrationInput, ordinal: number): RegistrationAction[] {
  const own = record.discovery?.members[ordinal];
  if (record.discovery === undefined || own === undefined) return [];
  const instanceId = memberInstanceId(ordinal);
  const services = [own, ...(record.metadataOpen ? [record.discovery.metadata] : [])];
  if (isServing(task)) {
    const { address } = task;
    return services.map((serviceId) => ({ kind: 'register-name', serviceId, instanceId, address }));
  }
  const successor = tasks.some(
    (other) => other.taskId !== task.taskId && other.group === task.group && !isStopped(other),
  );
  if (!isStopped(task) || successor) return [];
  return services.map((serviceId) => ({ kind: 'deregister-name', serviceId, instanceId }));
}

function decideProxy({ task, record, tasks, clientPort }: RegistrationInput): RegistrationAction[] {
  const { address } = task;
  if (address === undefined) return [];
  const groups = Object.values(record.entry?.targetGroups ?? {});
  const target = { address, port: clientPort };
  if (isServing(task)) {
    return groups.map((targetGroupArn) => ({ kind: 'register-target', targetGroupArn, ...target }));
  }
  // Asked to stop, or gone: no new request may reach it. An address may have been given to a new task meanwhile.
  const reused = tasks.some((other) => other.taskId !== task.taskId && isServing(other) && other.address === address);
  if (reused || (task.desiredStatus !== 'STOPPED' && !isStopped(task))) return [];
  return groups.map((targetGroupArn) => ({ kind: 'deregister-target', targetGroupArn, ...target }));
}
