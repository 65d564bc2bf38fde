/** ECS tasks of a cluster, read from ECS itself: the truth that events only report. */
import { DescribeTasksCommand, StopTaskCommand, paginateListTasks, type ECSClient } from '@aws-sdk/client-ecs';
import { memberStartedBy, parseTaskGroup } from '../cluster/names.ts';
import { observeTask, type TaskObservation } from '../cluster/tasks.ts';
import { hasName } from '../lambda/errors.ts';

export interface TaskSource {
  readonly ecs: ECSClient;
  readonly ecsCluster: string;
}

const DESCRIBE_LIMIT = 100;

/** Tasks that run or are about to, of the given groups (as built by common/cluster/names). */
export async function observeGroups(source: TaskSource, groups: readonly string[]): Promise<TaskObservation[]> {
  const lists = await Promise.all(listings(groups).map((filter) => listTasks(source, filter)));
  const arns = [...new Set(lists.flat())];
  const wanted = new Set(groups);
  return (await describe(source, arns)).filter((task) => wanted.has(task.group));
}

/** Asks ECS to stop every task of the groups that runs or is about to. */
export async function stopGroups(source: TaskSource, groups: readonly string[], reason: string): Promise<void> {
  const tasks = await observeGroups(source, groups);
  await Promise.all(
    tasks.map(({ taskArn }) =>
      source.ecs.send(new StopTaskCommand({ cluster: source.ecsCluster, task: taskArn, reason })),
    ),
  );
}

type Filter = { readonly serviceName: string } | { readonly startedBy: string };

/** ListTasks takes one service at a time; the members of a cluster share `startedBy`. */
function listings(groups: readonly string[]): Filter[] {
  const filters = new Map<string, Filter>();
  for (const group of groups) {
    const part = parseTaskGroup(group);
    if (part?.kind === 'member') {
      const startedBy = memberStartedBy(part.cluster);
      filters.set(startedBy, { startedBy });
    } else if (part?.kind === 'role') {
      filters.set(group, { serviceName: group.slice(group.indexOf(':') + 1) });
    }
  }
  return [...filters.values()];
}

async function listTasks({ ecs, ecsCluster }: TaskSource, filter: Filter): Promise<string[]> {
  const arns: string[] = [];
  try {
    for await (const page of paginateListTasks({ client: ecs }, { cluster: ecsCluster, ...filter })) {
      arns.push(...(page.taskArns ?? []));
    }
  } catch (error) {
    if (!hasName(error, 'ServiceNotFoundException')) throw error;
  }
  return arns;
}

async function describe({ ecs, ecsCluster }: TaskSource, arns: readonly string[]): Promise<TaskObservation[]> {
  const batches = Array.from({ length: Math.ceil(arns.length / DESCRIBE_LIMIT) }, (_, index) =>
    arns.slice(index * DESCRIBE_LIMIT, (index + 1) * DESCRIBE_LIMIT),
  );
  const answers = await Promise.all(
    batches.map((tasks) => ecs.send(new DescribeTasksCommand({ cluster: ecsCluster, tasks }))),
  );
  return answers.flatMap((answer) => (answer.tasks ?? []).map(observeTask));
}
