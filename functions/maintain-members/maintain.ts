/**
 * Inside the VPC: one step of the maintenance, as it was decided. A step that cannot be done now, or was done already, is a
 * value: the machine looks again.
 */
import { WRITE_CHECK_KEY } from '../common/archive/own-keys.ts';
import type { EtcdClient } from '../common/etcd/client.ts';
import { isEtcdError } from '../common/etcd/errors.ts';
import type { Clock } from '../common/lambda/polling.ts';
import { statusesOf, type AskedMember } from '../common/quorum/members.ts';
import {
  getMaintenanceState,
  putMaintenanceState,
  type MaintenanceState,
} from '../common/registry/maintenance-state.ts';
import type { RegistryTable } from '../common/registry/registry.ts';
import { z } from 'zod';

export const maintenanceStepSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('compact'), history: z.string(), revision: z.int().min(1) }),
  z.object({ kind: z.literal('defragment'), memberId: z.string(), name: z.string(), address: z.string() }),
  z.object({
    kind: z.literal('disarm'),
    alarms: z.array(z.object({ memberId: z.string(), alarm: z.enum(['NOSPACE', 'CORRUPT']) })).min(1),
  }),
]);

export type MaintenanceStep = z.infer<typeof maintenanceStepSchema>;

export interface MaintainDeps {
  readonly registry: RegistryTable;
  readonly ask: () => Promise<AskedMember[]>;
  readonly connect: (addresses: readonly string[]) => EtcdClient;
  readonly clock: Clock;
}

export interface Maintained {
  readonly done: boolean;
  readonly reason: string;
}

/** Room that a compaction made is counted with the next commit, which etcd does ten times a second. */
const COMMIT_MS = 200;
/** Long enough for a full file on a slow disk, and shorter than the metadata lock is held without being renewed. */
const DEFRAGMENT_MS = 200_000;

export async function maintainMembers(
  deps: MaintainDeps,
  cluster: string,
  addresses: readonly string[],
  step: MaintenanceStep,
): Promise<Maintained> {
  try {
    switch (step.kind) {
      case 'compact':
        return await compact(deps, cluster, addresses, step);
      case 'defragment':
        return await defragment(deps, cluster, addresses, step);
      case 'disarm':
        return await disarm(deps, addresses, step);
    }
  } catch (error) {
    if (!isEtcdError(error)) throw error;
    return { done: false, reason: error.message };
  }
}

type StepOf<Kind extends MaintenanceStep['kind']> = Extract<MaintenanceStep, { kind: Kind }>;

async function withClient<Result>(
  { connect }: MaintainDeps,
  addresses: readonly string[],
  work: (etcd: EtcdClient) => Promise<Result>,
): Promise<Result> {
  const etcd = connect(addresses);
  try {
    return await work(etcd);
  } finally {
    etcd.close();
  }
}

async function note(
  { registry }: MaintainDeps,
  cluster: string,
  change: (state: MaintenanceState) => MaintenanceState,
): Promise<void> {
  await putMaintenanceState(registry, cluster, change(await getMaintenanceState(registry, cluster)));
}

async function compact(
  deps: MaintainDeps,
  cluster: string,
  addresses: readonly string[],
  { history, revision }: StepOf<'compact'>,
): Promise<Maintained> {
  const reason = await withClient(deps, addresses, async (etcd) => {
    try {
      await etcd.compact(revision);
      return `the history before revision ${revision} is gone`;
    } catch (error) {
      // By an earlier call of this step, or by etcd itself (its own compaction is the last net).
      if (!isEtcdError(error, 'compacted')) throw error;
      return `the history before revision ${revision} was gone already`;
    }
  });
  const at = new Date(deps.clock.now()).toISOString();
  await note(deps, cluster, (state) => ({ ...state, compacted: { history, revision, at } }));
  await deps.clock.sleep(COMMIT_MS);
  return { done: true, reason };
}

async function defragment(
  deps: MaintainDeps,
  cluster: string,
  addresses: readonly string[],
  { memberId, name, address }: StepOf<'defragment'>,
): Promise<Maintained> {
  // The last look: a member stands still while it works, so the others must be there, and it must be the one that was meant.
  const statuses = statusesOf(await deps.ask());
  const silent = addresses.filter((one) => !statuses.some((status) => status.address === one && status.leader !== '0'));
  if (silent.length > 0) return { done: false, reason: `${silent.join(', ')} does not answer or has no leader` };
  const before = statuses.find((status) => status.address === address);
  if (before?.memberId !== memberId) return { done: false, reason: `${address} is not ${name} any more` };
  const after = await withClient(deps, [address], async (etcd) => {
    await etcd.defragment({ timeoutMs: DEFRAGMENT_MS });
    return etcd.status();
  });
  const at = new Date(deps.clock.now()).toISOString();
  await note(deps, cluster, (state) => ({
    ...state,
    // Of members that are there; others have been replaced.
    defragmented: {
      ...Object.fromEntries(
        Object.entries(state.defragmented).filter(([id]) => statuses.some((status) => status.memberId === id)),
      ),
      [memberId]: at,
    },
  }));
  return { done: true, reason: `${name} takes ${after.dbSize} bytes now` };
}

/** Alarms of members that were replaced meanwhile go as well. A put says whether it was of use. */
async function disarm(
  deps: MaintainDeps,
  addresses: readonly string[],
  { alarms }: StepOf<'disarm'>,
): Promise<Maintained> {
  return withClient(deps, addresses, async (etcd) => {
    for (const alarm of alarms) await etcd.disarm(alarm);
    await etcd.put({ key: WRITE_CHECK_KEY, value: new Date(deps.clock.now()).toISOString() });
    return { done: true, reason: `${alarms.length} alarm(s) were taken back, and etcd takes writes` };
  });
}
