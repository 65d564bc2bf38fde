/**
 * Sets every Milvus role to zero. For a sleep this is the point of no return, and it is passed only while nobody wants the
 * cluster awake. Returns the groups whose tasks must be gone.
 */
import { servicesToZero } from '../common/aws/stop.ts';
import type { TaskSource } from '../common/aws/tasks.ts';
import type { BarrierWant } from '../common/cluster/barrier.ts';
import { serviceGroup } from '../common/cluster/names.ts';
import type { NapArchive, Ownership } from '../common/cluster/record.ts';
import { getOwned, type RegistryTable } from '../common/registry/registry.ts';
import { reachPoint } from '../common/registry/nap.ts';
import { planRoles } from '../common/releases/plan.ts';

export interface StopComputeDeps {
  readonly registry: RegistryTable;
  readonly source: TaskSource;
}

export interface StoppedCompute {
  readonly outcome: 'reached' | 'wake-wanted';
  readonly wants: readonly BarrierWant[];
}

/** `saved`: the archive that was taken after the flush. Without it a sleep is finished, however it came here. */
export async function stopCompute(
  { registry, source }: StopComputeDeps,
  operation: Ownership,
  saved: NapArchive | undefined,
): Promise<StoppedCompute> {
  const record = await getOwned(registry, operation, ['falling-asleep']);
  const again = record.nap?.point === 'stopping';
  if (!again && record.nap?.point !== 'archived') {
    const outcome = await reachPoint(
      registry,
      operation,
      { point: 'stopping', ...(saved === undefined ? {} : { archive: saved }) },
      saved !== undefined,
    );
    if (outcome === 'wake-wanted') return { outcome, wants: [] };
  }
  await servicesToZero(source, record);
  return {
    outcome: 'reached',
    wants: planRoles(record.spec).map(({ role }) => ({ group: serviceGroup(record.name, role), count: 0 })),
  };
}
