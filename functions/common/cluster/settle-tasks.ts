/**
 * The tasks of some groups, by the registry and ECS together: the newer word on each counts. ECS does not list what is about
 * to stop or has stopped, and lists what is new a moment late; so a task that the registry holds for alive and ECS leaves out
 * is asked for by name, and is gone only when ECS does not know it any more.
 */
import { DescribeTasksCommand } from '@aws-sdk/client-ecs';
import { observeGroups, type TaskSource } from '../aws/tasks.ts';
import { deleteTask, putTask, type RegistryTable } from '../registry/registry.ts';
import { isStopped, observeTask, type TaskObservation } from './tasks.ts';

/** Limit of DescribeTasks. */
const DESCRIBE_AT_ONCE = 100;

/** Writes what it finds to the registry, and returns it. `remembered`: what the registry held before. */
export async function settleTasks(
  { registry, source }: { readonly registry: RegistryTable; readonly source: TaskSource },
  cluster: string,
  groups: readonly string[],
  remembered: readonly TaskObservation[],
  now: Date,
): Promise<TaskObservation[]> {
  const listed = await observeGroups(source, groups);
  const ids = new Set(listed.map(({ taskId }) => taskId));
  const left = remembered.filter((task) => groups.includes(task.group) && !isStopped(task) && !ids.has(task.taskId));
  const asked = await describe(source, left);
  const found = new Set(asked.map(({ taskId }) => taskId));
  const gone = left.filter(({ taskId }) => !found.has(taskId));
  await Promise.all([
    ...[...listed, ...asked].map((task) => putTask(registry, cluster, task, now)),
    ...gone.map(({ taskId }) => deleteTask(registry, cluster, taskId)),
  ]);
  return [...listed, ...asked].map((task) => {
    const known = remembered.find(({ taskId }) => taskId === task.taskId);
    return known !== undefined && known.version > task.version ? known : task;
  });
}

async function describe(
  { ecs, ecsCluster }: TaskSource,
  tasks: readonly TaskObservation[],
): Promise<TaskObservation[]> {
  const found: TaskObservation[] = [];
  for (let from = 0; from < tasks.length; from += DESCRIBE_AT_ONCE) {
    const arns = tasks.slice(from, from + DESCRIBE_AT_ONCE).map(({ taskArn }) => taskArn);
    const answer = await ecs.send(new DescribeTasksCommand({ cluster: ecsCluster, tasks: arns }));
    found.push(...(answer.tasks ?? []).map(observeTask));
  }
  return found;
}
