/**
 * Sets up the barrier at which a state machine waits for tasks (`waitForTaskToken`). After the barrier is written, ECS
 * itself is asked once: whatever happened before there was a barrier to evaluate, or in an event that got lost, is seen
 * then. The state's timeout with a retry bounds how long a lost event can hold it up.
 */
import { observeGroups, type TaskSource } from '../common/aws/tasks.ts';
import type { Barrier } from '../common/cluster/barrier.ts';
import { settleBarriers, type BarrierDeps } from '../common/cluster/settle-barriers.ts';
import { deleteTask, loadCluster, putBarrier, putTask } from '../common/registry/registry.ts';

export interface AwaitTasksDeps extends BarrierDeps {
  readonly source: TaskSource;
}

export async function awaitTasks(
  { source, ...deps }: AwaitTasksDeps,
  { cluster, barrier, now }: { cluster: string; barrier: Barrier; now: Date },
): Promise<void> {
  await putBarrier(deps.registry, cluster, barrier, now);
  const groups = new Set(barrier.wants.map((want) => want.group));
  const observed = await observeGroups(source, [...groups]);
  await Promise.all(observed.map((task) => putTask(deps.registry, cluster, task, now)));
  const { tasks } = await loadCluster(deps.registry, cluster);
  const seen = new Set(observed.map((task) => task.taskId));
  // ECS does not list what has stopped: a task we still hold for alive, and ECS does not, is gone.
  const gone = tasks.filter(
    (task) => groups.has(task.group) && task.lastStatus !== 'STOPPED' && !seen.has(task.taskId),
  );
  await Promise.all(gone.map((task) => deleteTask(deps.registry, cluster, task.taskId)));
  const goneIds = new Set(gone.map((task) => task.taskId));
  await settleBarriers(
    deps,
    cluster,
    [barrier],
    tasks.filter((task) => !goneIds.has(task.taskId)),
  );
}
