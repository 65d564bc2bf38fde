/** Takes a cluster for its sleep: from here on nobody else changes it. Says what there is to do, and where the proxies are. */
import type { GroupAddresses } from '../common/cluster/barrier.ts';
import { serviceGroup } from '../common/cluster/names.ts';
import type { NapArchive, NapPoint, NapWay, Ownership } from '../common/cluster/record.ts';
import { isServing } from '../common/cluster/tasks.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { logger } from '../common/lambda/logger.ts';
import { lockOwnerIn } from '../common/registry/lock.ts';
import { loadCluster, takeCluster, type RegistryTable } from '../common/registry/registry.ts';
import { planRoles } from '../common/releases/plan.ts';
import { decideSleep, type SleepRequest } from './decide.ts';

export interface BegunSleep extends Ownership {
  readonly way: NapWay;
  readonly point: NapPoint;
  readonly reason: string;
  /** Every role with the addresses of its tasks. */
  readonly groups: readonly GroupAddresses[];
  readonly unarchived: boolean;
  readonly archive: NapArchive | null;
  readonly failure: { readonly error: string; readonly cause: string };
}

export async function beginSleep(
  registry: RegistryTable,
  request: SleepRequest & { readonly cluster: string },
  now: Date,
): Promise<BegunSleep> {
  const { cluster } = request;
  const { record, tasks } = await loadCluster(registry, cluster);
  if (record === undefined) throw new RedkiteError('InvalidInput', `There is no cluster ${cluster}.`);
  const decision = decideSleep(record, request, now);
  if (decision.action === 'refuse') {
    throw new RedkiteError('OwnershipLost', `Cluster ${cluster} cannot fall asleep now: ${decision.reason}.`);
  }
  const { nap, taking, reason } = decision;
  if (taking !== undefined && !(await takeCluster(registry, record, taking))) {
    throw new RedkiteError('OwnershipLost', `Cluster ${cluster} was taken by somebody else at the same moment.`);
  }
  logger.info(reason, {
    event: LOG_EVENTS.phaseChanged,
    ...{ cluster, generation: request.generation, phase: 'falling-asleep', way: nap.way, point: nap.point },
  });
  // Whoever works on the members has looked at the phase after it took its lock: it saw ours, or we see its lock.
  const busy = nap.way === 'sleep' && lockOwnerIn((await loadCluster(registry, cluster)).items, now) !== undefined;
  return {
    cluster,
    generation: request.generation,
    way: busy ? 'turn-round' : nap.way,
    point: nap.point,
    reason: busy ? 'a member of the quorum is being replaced' : reason,
    groups: planRoles(record.spec).map(({ role }) => {
      const group = serviceGroup(cluster, role);
      const ofRole = tasks.filter((task) => task.group === group).filter(isServing);
      return { group, addresses: ofRole.map(({ address }) => address) };
    }),
    unarchived: nap.unarchived,
    archive: nap.archive ?? null,
    failure: nap.failure ?? { error: '', cause: '' },
  };
}
