/**
 * Single source of truth for every name that is derived from a cluster: built and parsed here, nowhere else.
 *
 * Deterministic names are what makes the steps idempotent: a step that runs twice asks for the same thing twice, and an
 * event that carries a name says by itself which cluster and which part it is about.
 */
import { createHash } from 'node:crypto';
import { ETCD, type RoleName } from '../releases/profiles.ts';

/** Lower case letters, digits and inner hyphens; begins with a letter (it becomes a DNS label). */
export const CLUSTER_NAME_PATTERN = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
export const CLUSTER_NAME_MAX = 32;

export type LifecycleVerb = 'create' | 'sleep' | 'wake' | 'recover' | 'upgrade' | 'scale' | 'delete';

/** Step Functions refuses a second execution of this name (for 90 days), whoever asks. At most 80 characters. */
export function executionName(cluster: string, verb: LifecycleVerb, generation: number): string {
  return `${cluster}-${verb}-${generation}`;
}

const EXECUTION_NAME = /^(?<cluster>[a-z][a-z0-9-]*)-(?<verb>[a-z]+)-(?<generation>\d+)$/;

export function parseExecutionName(name: string): { cluster: string; verb: string; generation: number } | undefined {
  const groups = EXECUTION_NAME.exec(name)?.groups;
  if (groups?.['cluster'] === undefined || groups['verb'] === undefined) return undefined;
  return { cluster: groups['cluster'], verb: groups['verb'], generation: Number(groups['generation']) };
}

/**
 * Executions that replace members of a quorum. They own no phase, so they have no generation: one runs for each task that
 * is gone (`subject` = its id), however often that is told; one may run inside a bootstrap (a hash of that execution), and
 * one for what nobody has told (`watch-<minute>`).
 */
export function replacementName(cluster: string, subject: string): string {
  return `${cluster}-replace-${subject}`;
}

/** Subjects are told from the rest of a cluster's name by their form: a cluster may have `replace` in its name too. */
const REPLACEMENT_NAME = /^(?<cluster>[a-z][a-z0-9-]*)-replace-(?<subject>[0-9a-f-]{32,36}|watch-\d+)$/;

export function parseReplacementName(name: string): { cluster: string; subject: string } | undefined {
  const groups = REPLACEMENT_NAME.exec(name)?.groups;
  if (groups?.['cluster'] === undefined || groups['subject'] === undefined) return undefined;
  return { cluster: groups['cluster'], subject: groups['subject'] };
}

/** Executions that maintain the data of a quorum; they own no phase either. `subject`: what asked for it, `watch-<minute>`. */
export function maintenanceName(cluster: string, subject: string): string {
  return `${cluster}-maintain-${subject}`;
}

const MAINTENANCE_NAME = /^(?<cluster>[a-z][a-z0-9-]*)-maintain-(?<subject>[0-9a-f-]{32,36}|watch-\d+)$/;

export function parseMaintenanceName(name: string): { cluster: string; subject: string } | undefined {
  const groups = MAINTENANCE_NAME.exec(name)?.groups;
  if (groups?.['cluster'] === undefined || groups['subject'] === undefined) return undefined;
  return { cluster: groups['cluster'], subject: groups['subject'] };
}

/** A recovery that takes the place of one that failed: one for each of those, however often their end is told. */
export function recoveryName(cluster: string, failed: string): string {
  return `${cluster}-again-${createHash('sha256').update(failed).digest('hex').slice(0, 32)}`;
}

/** What an ECS task is to its cluster: one etcd member by its ordinal, or one of the tasks of a Milvus role. */
export type TaskPart =
  | { readonly kind: 'member'; readonly cluster: string; readonly ordinal: number }
  | { readonly kind: 'role'; readonly cluster: string; readonly role: string };

const SERVICE_PREFIX = 'service:';
const MEMBER_GROUP = /^member:(?<cluster>[a-z0-9-]+):(?<ordinal>\d+)$/;
const SERVICE_SEPARATOR = '_';

/** The `group` of a member's RunTask; ECS puts it into each of the task's events. */
export function memberGroup(cluster: string, ordinal: number): string {
  return `member:${cluster}:${ordinal}`;
}

/** Those of all members of a quorum, in the order of their ordinals. */
export function memberGroups(cluster: string, members: number): string[] {
  return Array.from({ length: members }, (_, ordinal) => memberGroup(cluster, ordinal));
}

/** ECS service names allow the underscore, cluster and role names do not: so the name can be taken apart again. */
export function serviceName(cluster: string, role: RoleName): string {
  return `${cluster}${SERVICE_SEPARATOR}${role}`;
}

/** ECS itself names the group of a service's tasks. */
export function serviceGroup(cluster: string, role: RoleName): string {
  return `${SERVICE_PREFIX}${serviceName(cluster, role)}`;
}

/** Undefined for a task that is none of ours: others may share the ECS cluster. */
export function parseTaskGroup(group: string): TaskPart | undefined {
  const member = MEMBER_GROUP.exec(group)?.groups;
  if (member?.['cluster'] !== undefined) {
    return { kind: 'member', cluster: member['cluster'], ordinal: Number(member['ordinal']) };
  }
  if (!group.startsWith(SERVICE_PREFIX)) return undefined;
  const [cluster, role, ...rest] = group.slice(SERVICE_PREFIX.length).split(SERVICE_SEPARATOR);
  if (!cluster || !role || rest.length > 0 || !CLUSTER_NAME_PATTERN.test(cluster)) return undefined;
  return { kind: 'role', cluster, role };
}

/** ListTasks finds the members of a cluster by it (at most 36 characters). */
export function memberStartedBy(cluster: string): string {
  return `m-${cluster}`;
}

export function taskFamily(stage: string, cluster: string, part: string): string {
  return `redkite-${stage}-${cluster}-${part}`;
}

/** Cloud Map service names, relative to the private namespace. */
export const memberHost = (cluster: string, ordinal: number) => `etcd-${ordinal}.${cluster}`;
export const metadataHost = (cluster: string) => `metadata.${cluster}`;
export const memberName = (ordinal: number) => `etcd-${ordinal}`;

/** The identity of a member, within etcd too: it outlives the member's tasks. */
export function memberPeerUrl(cluster: string, ordinal: number, namespace: string): string {
  return `http://${memberHost(cluster, ordinal)}.${namespace}:${ETCD.peerPort}`;
}

/** Distinguishes quorums that ever had the same names; etcd members of another token refuse to talk. */
export const quorumToken = (cluster: string, generation: number) => `${cluster}-${generation}`;

export type EntryProtocol = 'grpc' | 'rest';

/** Target group names have 32 characters at most, so the stage and the full name go in as a hash. */
export function targetGroupName(stage: string, cluster: string, protocol: EntryProtocol): string {
  const hash = createHash('sha256').update(`${stage}/${cluster}`).digest('hex').slice(0, 8);
  return `rk-${hash}-${cluster.slice(0, 14).replace(/-+$/, '')}-${protocol}`;
}

/** The part of a task's ARN that is unique: arn:aws:ecs:region:account:task/cluster/<id>. */
export function taskIdOf(taskArn: string): string {
  return taskArn.slice(taskArn.lastIndexOf('/') + 1);
}
