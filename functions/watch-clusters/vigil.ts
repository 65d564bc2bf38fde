/**
 * The scheduled net under a quorum: looks at the members of every awake cluster, and has a member replaced that no event will
 * tell of (it stands still, is cut off, or its event got lost). Gather, decide (common/quorum/vigil.ts), act.
 *
 * A quorum in which something is wrong is looked at a second time some seconds later, all of them together after the first round:
 * most of what is wrong at one moment is an election, which is over by then.
 */
import { memberGroups, memberPeerUrl } from '../common/cluster/names.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import type { Clock } from '../common/lambda/polling.ts';
import { maintenanceDue } from '../common/maintenance/due.ts';
import { maintenanceObservation } from '../common/maintenance/observe.ts';
import type { MaintenancePolicy } from '../common/maintenance/policy.ts';
import { assessQuorum, type QuorumAssessment } from '../common/quorum/assess.ts';
import { bestList, statusesOf, type AskedMember, type Members } from '../common/quorum/members.ts';
import { memberTasks, type QuorumMemory, type QuorumTasks } from '../common/quorum/observation.ts';
import type { QuorumPolicy } from '../common/quorum/policy.ts';
import { keepVigil, type VigilDecision, type VigilPolicy } from '../common/quorum/vigil.ts';
import { archiveStateIn } from '../common/registry/archive-state.ts';
import { putCondition } from '../common/registry/condition.ts';
import { lockOwnerIn } from '../common/registry/lock.ts';
import { loadCluster, type ClusterState, type RegistryTable } from '../common/registry/registry.ts';
import { maintenanceStateIn } from '../common/registry/maintenance-state.ts';
import { putRequest } from '../common/registry/requests.ts';
import { keepVigilMemory, vigilMemoryIn } from '../common/registry/vigil.ts';
import { isWatched } from './awake.ts';
import { inLanes, type Failed } from './lanes.ts';
import { measureQuorum, type Publish } from './metrics.ts';

export interface VigilDeps {
  readonly registry: RegistryTable;
  readonly members: (addresses: readonly string[]) => Members;
  readonly namespaceName: string;
  readonly publish: Publish;
  readonly policy: {
    readonly quorum: QuorumPolicy;
    readonly vigil: VigilPolicy;
    readonly maintenance: MaintenancePolicy;
  };
  readonly clock: Clock;
}

export interface Vigil {
  readonly troubled: readonly { readonly cluster: string; readonly action: string; readonly reason: string }[];
  readonly failed: readonly Failed[];
}

/** Clusters at a time: each is mostly waited for. */
const AT_ONCE = 32;
/** From the first look to the second: longer than an election takes. */
const SECOND_LOOK_MS = 5_000;
const NO_MEMORY: QuorumMemory = { since: {}, spent: [] };

interface Suspect {
  readonly name: string;
  readonly memory: QuorumMemory;
}

export async function watchQuorums(deps: VigilDeps, clusters: readonly string[]): Promise<Vigil> {
  const suspects: Suspect[] = [];
  const troubled: { cluster: string; action: string; reason: string }[] = [];
  const failed = await inLanes(
    clusters,
    AT_ONCE,
    (name) => name,
    async (name) => {
      const look = await lookAt(deps, name, NO_MEMORY);
      if (look === undefined) return;
      deps.publish(name, ...measureQuorum(look.asked, archiveStateIn(look.state.items), deps.clock.now()));
      const { action, memory } = look.assessment;
      if (action.kind === 'none') {
        await conclude(deps, look);
        await requestMaintenance(deps, look);
      } else suspects.push({ name, memory });
    },
  );
  if (suspects.length > 0) await deps.clock.sleep(SECOND_LOOK_MS);
  const failedLater = await inLanes(
    suspects,
    AT_ONCE,
    ({ name }) => name,
    async ({ name, memory }) => {
      const look = await lookAt(deps, name, memory);
      if (look === undefined) return;
      const { action, reason } = await conclude(deps, look);
      if (look.assessment.action.kind !== 'none') troubled.push({ cluster: name, action, reason });
    },
  );
  for (const { cluster, reason } of [...failed, ...failedLater]) {
    logger.error('a quorum could not be looked at', { event: LOG_EVENTS.watchFailed, cluster, reason });
  }
  return { troubled, failed: [...failed, ...failedLater] };
}

interface Look {
  readonly state: ClusterState & { readonly record: NonNullable<ClusterState['record']> };
  readonly asked: readonly AskedMember[];
  readonly assessment: QuorumAssessment;
}

/** Undefined when the cluster is not to be watched (any more). */
async function lookAt(
  { registry, members, namespaceName, policy, clock }: VigilDeps,
  name: string,
  memory: QuorumMemory,
): Promise<Look | undefined> {
  const { record, ...rest } = await loadCluster(registry, name);
  if (record === undefined || !isWatched(record)) return undefined;
  const state = { ...rest, record };
  const observed = observeTasks(state, namespaceName);
  const connected = members(observed.tasks.flatMap(({ address }) => (address === undefined ? [] : [address])));
  try {
    const asked = await connected.ask();
    const list = bestList(asked);
    const observation = { ...observed, statuses: statusesOf(asked), memory, ...(list === undefined ? {} : { list }) };
    return { state, asked, assessment: assessQuorum(observation, policy.quorum, clock.now()) };
  } finally {
    connected.close();
  }
}

/** The tasks as the registry knows them: ECS cannot be asked from inside the VPC. replace-member asks it before it does anything. */
function observeTasks({ record, tasks }: Look['state'], namespaceName: string): QuorumTasks {
  const { name, spec } = record;
  const groups = memberGroups(name, spec.metadata.members);
  return {
    peerUrls: groups.map((_, ordinal) => memberPeerUrl(name, ordinal, namespaceName)),
    tasks: memberTasks(name, spec.metadata.members, tasks),
    retire: [],
  };
}

async function conclude({ registry, policy, clock }: VigilDeps, { state, assessment }: Look): Promise<VigilDecision> {
  const now = new Date(clock.now());
  const { record, items } = state;
  const cluster = record.name;
  const before = vigilMemoryIn(items);
  const decision = keepVigil(
    {
      assessment,
      worker: lockOwnerIn(items, now),
      memory: before,
      condition: record.conditions.MetadataReady,
    },
    policy.vigil,
    now,
  );
  const { action, reason, memory, condition } = decision;
  if (assessment.action.kind !== 'none') {
    logger.warn(reason, { event: LOG_EVENTS.quorumTroubled, cluster, action, would: assessment.action.kind });
  }
  if (action === 'request-replacement') {
    const { since, seenAt = now.getTime() } = assessment.memory;
    const requestedAt = now.toISOString();
    await putRequest(registry, {
      ...{ cluster, verb: 'replace-member', reason, requestedAt },
      details: { memory: { since, seenAt } },
    });
    logger.info(reason, { event: LOG_EVENTS.executionRequested, cluster, verb: 'replace-member' });
  }
  // After the request: if this fails, the next minute asks again.
  await keepVigilMemory(registry, cluster, before, memory, now);
  if (condition !== undefined) await putCondition(registry, cluster, 'awake', condition);
  return decision;
}

/**
 * For a quorum whose members are healthy. What is seen here is enough to ask: the machine looks at everything again, the history
 * of the quorum too, which is taken here to be the one that is shipped.
 */
async function requestMaintenance({ registry, policy, clock }: VigilDeps, { state, asked, assessment }: Look) {
  const now = clock.now();
  const { record, items } = state;
  const cluster = record.name;
  if (lockOwnerIn(items, new Date(now)) !== undefined) return;
  const answers = asked.flatMap((member) => ('answer' in member ? [member.answer] : []));
  const archive = archiveStateIn(items);
  const observation = maintenanceObservation({
    ...{ asked, archive, quorum: assessment, done: maintenanceStateIn(items) },
    facts: {
      alarms: answers[0]?.alarms ?? [],
      revision: Math.max(...answers.map(({ storage }) => storage.revision)),
      history: archive?.point?.history,
    },
  });
  const { due, reason } = maintenanceDue(observation, policy.maintenance, now);
  if (!due) return;
  const requestedAt = new Date(now).toISOString();
  await putRequest(registry, { ...{ cluster, verb: 'maintain-quorum', reason, requestedAt }, details: {} });
  logger.info(reason, { event: LOG_EVENTS.executionRequested, cluster, verb: 'maintain-quorum' });
}
