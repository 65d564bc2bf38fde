/**
 * The registrar: every task state change event of the ECS cluster ends here. It keeps what it saw, moves names and
 * targets, wakes the executions that wait for tasks, has lost members of a quorum replaced and the sessions of lost roles ended. Nobody has to ask for a
 * replaced task to be found again.
 */
import {
  DeregisterTargetsCommand,
  RegisterTargetsCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { deregisterAddress, registerAddress, type Namespace } from '../common/aws/discovery.ts';
import { startOnce } from '../common/aws/executions.ts';
import { parseTaskGroup, replacementName, type TaskPart } from '../common/cluster/names.ts';
import { settleBarriers, type BarrierDeps } from '../common/cluster/settle-barriers.ts';
import { isArriving, isServing, type TaskObservation } from '../common/cluster/tasks.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { hasName } from '../common/lambda/errors.ts';
import { logger } from '../common/lambda/logger.ts';
import { lockIn } from '../common/registry/lock.ts';
import { loadCluster, putTask, type ClusterState } from '../common/registry/registry.ts';
import { profileOf } from '../common/releases/plan.ts';
import type { EndedTask } from '../retire-session/retire.ts';
import { decideRegistration, decideReplacement, decideRetirement, type RegistrationAction } from './decide.ts';

export interface RegistrarDeps extends BarrierDeps {
  readonly namespace: Namespace;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly replaceMachineArn: string;
  /** Hands an ended task to retire-session, which can reach etcd, and does not wait for it. */
  readonly retireSession: (ended: EndedTask) => Promise<void>;
  /** Has the functions of a replacement started; never fails. */
  readonly warm: () => Promise<void>;
}

export async function registerTask(deps: RegistrarDeps, task: TaskObservation, now: Date): Promise<void> {
  const part = parseTaskGroup(task.group);
  const keys = { taskId: task.taskId, group: task.group, status: task.lastStatus, version: task.version };
  if (part === undefined) {
    logger.info('not a task of ours', { event: LOG_EVENTS.taskIgnored, ...keys });
    return;
  }
  if (!(await putTask(deps.registry, part.cluster, task, now))) {
    logger.info('something newer is known of this task', { event: LOG_EVENTS.taskIgnored, ...keys });
    return;
  }
  const state = await loadCluster(deps.registry, part.cluster);
  const { record, tasks, barriers } = state;
  if (record === undefined) {
    logger.warn('the cluster of this task is not in the registry', { event: LOG_EVENTS.taskIgnored, ...keys });
    return;
  }
  const actions = registrationOf(part, task, state);
  logger.info('task observed', { event: LOG_EVENTS.taskObserved, ...keys, actions: actions.map(({ kind }) => kind) });
  // First: a quorum that has lost a member must not wait for names that cannot be moved.
  const reason = decideReplacement({ part, task, record, tasks });
  if (reason !== undefined) await startReplacement(deps, part.cluster, task, reason);
  const address = decideRetirement({ part, task, record });
  // Side by side: whoever waits for the task waits for its name by itself, because DNS takes its time anyway.
  await Promise.all([
    settleBarriers(deps, part.cluster, barriers, tasks),
    ...actions.map((action) => act(deps, action)),
    ...(address === undefined ? [] : [deps.retireSession({ cluster: part.cluster, taskId: task.taskId, address })]),
  ]);
  if (actions.some(({ kind }) => kind === 'deregister-name')) await giveBack(deps, part, task);
}

/**
 * Cloud Map takes a name away whoever has it by now: a successor that came since the decision has lost its own with
 * it, and gets it again.
 */
async function giveBack(deps: RegistrarDeps, part: TaskPart, { group }: TaskObservation): Promise<void> {
  const state = await loadCluster(deps.registry, part.cluster);
  const successor = state.tasks.find((other) => other.group === group && (isServing(other) || isArriving(other)));
  if (successor === undefined) return;
  await Promise.all(registrationOf(part, successor, state).map((action) => act(deps, action)));
}

function registrationOf(part: TaskPart, task: TaskObservation, { record, tasks, items }: ClusterState) {
  if (record === undefined) return [];
  const { client: clientPort } = profileOf(record.spec).ports;
  return decideRegistration({ part, task, record, tasks, clientPort, joining: lockIn(items)?.joining ?? [] });
}

/** Every event of a task that goes asks for the same execution; it is started once. */
async function startReplacement(
  { sfn, replaceMachineArn, warm }: RegistrarDeps,
  cluster: string,
  { taskId }: TaskObservation,
  reason: string,
): Promise<void> {
  const execution = {
    stateMachineArn: replaceMachineArn,
    name: replacementName(cluster, taskId),
    input: { cluster, taskId, reason },
  };
  if (!(await startOnce(sfn, execution))) return;
  logger.info(reason, { event: LOG_EVENTS.replacementStarted, cluster, taskId });
  await warm();
}

async function act({ namespace, elb }: RegistrarDeps, action: RegistrationAction): Promise<void> {
  switch (action.kind) {
    case 'register-name':
      return registerAddress(namespace, action.serviceId, action.instanceId, action.address);
    case 'deregister-name':
      return deregisterAddress(namespace, action.serviceId, action.instanceId);
    case 'register-target':
    case 'deregister-target': {
      const input = {
        TargetGroupArn: action.targetGroupArn,
        Targets: [{ Id: action.address, Port: action.port }],
      };
      try {
        await (action.kind === 'register-target'
          ? elb.send(new RegisterTargetsCommand(input))
          : elb.send(new DeregisterTargetsCommand(input)));
      } catch (error) {
        // The entry was closed meanwhile: there is nothing left to register at.
        if (!hasName(error, 'TargetGroupNotFoundException', 'InvalidTargetException')) throw error;
      }
    }
  }
}
