/** Takes a cluster for its wake, and finds out what has to run. From here on a failure is one of the wake, with its reason. */
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { logger } from '../common/lambda/logger.ts';
import type { NapArchive } from '../common/cluster/record.ts';
import { getCluster, takeCluster } from '../common/registry/registry.ts';
import { planCluster, type CreatePlan, type PlanDeps } from '../plan-cluster/plan.ts';
import { decideWake, type WakeRequest } from './decide.ts';

export interface BegunWake extends CreatePlan {
  /** What the new quorum is filled with. */
  readonly restore: { readonly archive: string; readonly revision: number };
}

export async function beginWake(
  deps: PlanDeps,
  request: WakeRequest & { readonly cluster: string },
  now: Date,
): Promise<BegunWake> {
  const archive = await take(deps, request, now);
  if (archive === undefined) {
    throw new RedkiteError('NothingToRestore', `Cluster ${request.cluster} has no archive to wake up from.`);
  }
  const plan = await planCluster(deps, request);
  return { ...plan, restore: { archive: archive.name, revision: archive.revision } };
}

async function take(
  { registry }: PlanDeps,
  request: WakeRequest & { readonly cluster: string },
  now: Date,
): Promise<NapArchive | undefined> {
  const { cluster, generation } = request;
  const record = await getCluster(registry, cluster);
  if (record === undefined) throw new RedkiteError('InvalidInput', `There is no cluster ${cluster}.`);
  const decision = decideWake(record, request, now);
  if (decision.action === 'refuse') {
    throw new RedkiteError('OwnershipLost', `Cluster ${cluster} cannot be woken now: ${decision.reason}.`);
  }
  if (decision.taking !== undefined) {
    if (!(await takeCluster(registry, record, decision.taking))) {
      throw new RedkiteError('OwnershipLost', `Cluster ${cluster} was taken by somebody else at the same moment.`);
    }
    logger.info('phase changed', { event: LOG_EVENTS.phaseChanged, cluster, generation, phase: 'waking' });
  }
  return decision.archive;
}
