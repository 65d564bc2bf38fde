/**
 * Sets up the barrier at which a state machine waits for tasks (`waitForTaskToken`). After the barrier is written, ECS
 * itself is asked once: whatever happened before there was a barrier to evaluate, or in an event that got lost, is seen
 * then. The state's timeout with a retry bounds how long a lost event can hold it up.
 */
import type { TaskSource } from '../common/aws/tasks.ts';
import type { Barrier } from '../common/cluster/barrier.ts';
import { settleTasks } from '../common/cluster/settle-tasks.ts';
import { isStopped } from '../common/cluster/tasks.ts';
import { settleBarriers, type BarrierDeps } from '../common/cluster/settle-barriers.ts';
import { loadCluster, putBarrier } from '../common/registry/registry.ts';

export interface AwaitTasksDeps extends BarrierDeps {
  readonly source: TaskSource;
}

export async function awaitTasks(
  { source, ...deps }: AwaitTasksDeps,
  { cluster, barrier, now }: { cluster: string; barrier: Barrier; now: Date },
): Promise<void> {
  await putBarrier(deps.registry, cluster, barrier, now);
  const groups = [...new Set(barrier.wants.map((want) => want.group))];
  const { tasks: remembered } = await loadCluster(deps.registry, cluster);
  const settled = await settleTasks({ registry: deps.registry, source }, cluster, groups, remembered, now);
  // Stopped ones count too: a barrier breaks when too many tasks ended while they started.
  const known = new Set(settled.map(({ taskId }) => taskId));
  const stopped = remembered.filter((task) => isStopped(task) && !known.has(task.taskId));
  await settleBarriers(deps, cluster, [barrier], [...settled, ...stopped]);
}
