/**
 * What a task's new state means for the names and targets of its cluster. Pure; the handler gathers and acts.
 *
 * A name or target is taken over by the newest task that serves; it is given up only by the task that holds it, so a late
 * STOPPED of a replaced task cannot take the name from its successor.
 */
import type { ClusterRecord } from '../common/cluster/record.ts';
import { memberName, type TaskPart } from '../common/cluster/names.ts';
import { isBuilding, type Phase } from '../common/cluster/phases.ts';
import { mayReplaceMembers } from '../common/quorum/responsible.ts';
import { isArriving, isOver, isServing, isStopped, type TaskObservation } from '../common/cluster/tasks.ts';

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
  /** Ordinals of members that are being put in place: learners, which refuse most of what Milvus asks. */
  readonly joining: readonly number[];
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

function decideMember({ task, record, tasks, joining }: RegistrationInput, ordinal: number): RegistrationAction[] {
  const own = record.discovery?.members[ordinal];
  if (record.discovery === undefined || own === undefined) return [];
  const instanceId = memberInstanceId(ordinal);
  const metadata = record.metadataOpen ? [record.discovery.metadata] : [];
  const learning = joining.includes(ordinal);
  // Before its process starts, because it looks for itself too: etcd compares the addresses behind all names when it joins, and
  // tries a name that leads nowhere again only after a second. Members of a new quorum must not find each other so early: a
  // connection to an address where nobody is yet takes longer to fail than a name that is not there.
  if (isArriving(task)) {
    return learning ? [{ kind: 'register-name', serviceId: own, instanceId, address: task.address }] : [];
  }
  if (isServing(task)) {
    const { address } = task;
    // A learner gets its own name, by which its peers find it; the common one when it is a voter (finish-replacement).
    const services = [own, ...(learning ? [] : metadata)];
    return services.map((serviceId) => ({ kind: 'register-name', serviceId, instanceId, address }));
  }
  if (!isStopped(task)) return [];
  const successor = tasks.some(
    (other) => other.taskId !== task.taskId && other.group === task.group && !isStopped(other),
  );
  const services = [...(successor ? [] : [own]), ...(successor && !learning ? [] : metadata)];
  return services.map((serviceId) => ({ kind: 'deregister-name', serviceId, instanceId }));
}

function decideProxy({ task, record, tasks, clientPort }: RegistrationInput): RegistrationAction[] {
  const { address } = task;
  if (address === undefined) return [];
  const groups = Object.values(record.entry?.targetGroups ?? {});
  const target = { address, port: clientPort };
  if (isServing(task)) {
    if (!isEntryPrepared(record)) return [];
    return groups.map((targetGroupArn) => ({ kind: 'register-target', targetGroupArn, ...target }));
  }
  // Asked to stop, or gone: no new request may reach it. An address may have been given to a new task meanwhile.
  const reused = tasks.some((other) => other.taskId !== task.taskId && isServing(other) && other.address === address);
  if (reused || (task.desiredStatus !== 'STOPPED' && !isStopped(task))) return [];
  return groups.map((targetGroupArn) => ({ kind: 'deregister-target', targetGroupArn, ...target }));
}

/**
 * A proxy that runs serves only once Milvus is up, and a target that has failed its first checks must pass two of them, five
 * seconds apart: in a wake that registered its proxies as soon as they ran, clients waited up to ten seconds for nothing. So
 * while a cluster is built up, prepare-entry registers the proxies, when they are healthy.
 */
function isEntryPrepared({ phase, generation, entry }: ClusterRecord): boolean {
  return !isBuilding(phase) || entry?.generation === generation;
}

/** Phases in which a task that ends is missed. In the others all of them are ended, and etcd with them or before. */
const COMPUTE_STANDS: readonly Phase[] = ['creating', 'awake', 'waking', 'upgrading', 'scaling'];

/** The address whose Milvus session nobody renews any more; undefined when there is none to end. */
export function decideRetirement({
  part,
  task,
  record,
}: Pick<RegistrationInput, 'part' | 'task' | 'record'>): string | undefined {
  return part.kind === 'role' && isOver(task) && COMPUTE_STANDS.includes(record.phase) ? task.address : undefined;
}

const isGoing = (task: TaskObservation) => isOver(task) || task.desiredStatus === 'STOPPED';

/**
 * Why the quorum has to be looked after now; undefined when it has not. A member whose next task runs is not missed: the last
 * events of those that a sleep has ended may come when the next wake is done.
 */
export function decideReplacement({
  part,
  task,
  record,
  tasks,
}: Pick<RegistrationInput, 'part' | 'task' | 'record' | 'tasks'>): string | undefined {
  if (part.kind !== 'member' || !mayReplaceMembers(record) || !isGoing(task)) return undefined;
  // Younger: of an older one that seems to run its own last event was lost.
  const { createdAt: since = '' } = task;
  const successor = tasks.some(
    (other) => other.group === task.group && !isGoing(other) && (other.createdAt ?? '') > since,
  );
  if (successor) return undefined;
  const what = isOver(task) ? 'has stopped' : 'was asked to stop';
  return `${memberName(part.ordinal)} ${what}: ${task.stoppedReason ?? 'no reason given'}`;
}
