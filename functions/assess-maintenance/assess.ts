/**
 * Inside the VPC: asks every member how much it holds and which alarms are raised, and decides the next step of the
 * maintenance. Nothing is changed.
 */
import type { EtcdClient } from '../common/etcd/client.ts';
import { isEtcdError } from '../common/etcd/errors.ts';
import { decideMaintenance, type MaintenanceDecision, type MaintenanceOptions } from '../common/maintenance/decide.ts';
import { maintenanceObservation, readFacts } from '../common/maintenance/observe.ts';
import { planMaintenance } from '../common/maintenance/plan.ts';
import type { MaintenancePolicy } from '../common/maintenance/policy.ts';
import { assessQuorum } from '../common/quorum/assess.ts';
import { bestList, statusesOf, type AskedMember } from '../common/quorum/members.ts';
import type { QuorumMemory, QuorumTasks } from '../common/quorum/observation.ts';
import type { QuorumPolicy } from '../common/quorum/policy.ts';
import { getArchiveState } from '../common/registry/archive-state.ts';
import { getMaintenanceState } from '../common/registry/maintenance-state.ts';
import type { RegistryTable } from '../common/registry/registry.ts';

export interface AssessMaintenanceDeps {
  readonly registry: RegistryTable;
  readonly ask: () => Promise<AskedMember[]>;
  /** A client of all of these addresses. */
  readonly connect: (addresses: readonly string[]) => EtcdClient;
  readonly policies: { readonly quorum: QuorumPolicy; readonly maintenance: MaintenancePolicy };
  readonly now: () => number;
}

export interface AssessMaintenanceInput {
  readonly cluster: string;
  readonly observed: QuorumTasks;
  readonly memory: QuorumMemory;
  readonly options: MaintenanceOptions;
}

export interface AssessedMaintenance extends MaintenanceDecision {
  /** Every step from here to the end, as far as it can be told before. */
  readonly plan: readonly MaintenanceDecision[];
  /** Of the voters. */
  readonly addresses: readonly string[];
  readonly memory: QuorumMemory;
}

export async function assessMaintenance(
  deps: AssessMaintenanceDeps,
  { cluster, observed, memory, options }: AssessMaintenanceInput,
): Promise<AssessedMaintenance> {
  const asked = await deps.ask();
  const now = deps.now();
  const list = bestList(asked);
  const statuses = statusesOf(asked);
  const quorum = assessQuorum(
    { ...observed, statuses, memory, ...(list === undefined ? {} : { list }) },
    deps.policies.quorum,
    now,
  );
  const addresses = statuses.filter(({ isLearner }) => !isLearner).map(({ address }) => address);
  if (quorum.action.kind !== 'none' || addresses.length === 0) {
    const kind = quorum.action.kind === 'wait' ? 'wait' : 'replace-members';
    const decision: MaintenanceDecision = { action: { kind }, reason: quorum.reason };
    return { ...decision, plan: [decision], addresses, memory: quorum.memory };
  }
  const etcd = deps.connect(addresses);
  try {
    const facts = await readFacts(etcd);
    const hashes = facts.alarms.some(({ alarm }) => alarm === 'CORRUPT')
      ? await hashesOf(deps.connect, asked)
      : undefined;
    const observation = maintenanceObservation({
      ...{ asked, quorum, facts },
      archive: await getArchiveState(deps.registry, cluster),
      done: await getMaintenanceState(deps.registry, cluster),
      ...(hashes === undefined ? {} : { hashes }),
    });
    const decision = decideMaintenance(observation, deps.policies.maintenance, options, now);
    const plan = planMaintenance(observation, deps.policies.maintenance, options, now);
    return { ...decision, plan, addresses, memory: quorum.memory };
  } catch (error) {
    // Between the look at the members and this one they may have lost their leader.
    if (!isEtcdError(error, 'no-leader', 'unavailable', 'deadline')) throw error;
    const decision: MaintenanceDecision = { action: { kind: 'wait' }, reason: error.message };
    return { ...decision, plan: [decision], addresses, memory: quorum.memory };
  } finally {
    etcd.close();
  }
}

/**
 * Of every member at one revision: the newest that the first one has. A member that is not there yet, or has dropped other
 * history, has no hash that could be compared, and is left out.
 */
async function hashesOf(
  connect: AssessMaintenanceDeps['connect'],
  asked: readonly AskedMember[],
): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  let revision = 0;
  for (const member of asked) {
    if (!('answer' in member)) continue;
    const client = connect([member.address]);
    try {
      const { hash, hashRevision, compactRevision } = await client.hashKv(revision);
      if (revision === 0) revision = hashRevision;
      hashes.set(member.answer.status.memberId, `${hash}@${hashRevision}/${compactRevision}`);
    } catch (error) {
      if (!isEtcdError(error)) throw error;
    } finally {
      client.close();
    }
  }
  return hashes;
}
