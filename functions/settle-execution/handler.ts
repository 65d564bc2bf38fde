import { SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { startOnce } from '../common/aws/executions.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { putCondition } from '../common/registry/condition.ts';
import { dropLock, readLock } from '../common/registry/lock.ts';
import { getCluster } from '../common/registry/registry.ts';
import { skipGeneration } from '../common/registry/wake-wanted.ts';
import { finishOperation } from '../finish-operation/finish.ts';
import { clusterOfExecution, decideSettlement } from './decide.ts';

const registry = connectRegistry();
const sfn = new SFNClient({});
const cleanUpMachineArn = requiredEnv('CLEAN_UP_MACHINE_ARN');
const sleepMachineArn = requiredEnv('SLEEP_MACHINE_ARN');
const wakeMachineArn = requiredEnv('WAKE_MACHINE_ARN');
const recoverMachineArn = requiredEnv('RECOVER_MACHINE_ARN');

const eventSchema = z.object({
  source: z.literal('aws.states'),
  detail: z.object({
    name: z.string(),
    stateMachineArn: z.string().nullish(),
    input: z.string().nullish(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});

export const handler = stepHandler(eventSchema, async ({ detail }) => {
  const execution = {
    name: detail.name,
    machine: detail.stateMachineArn ?? undefined,
    status: detail.status,
    input: detail.input ?? undefined,
    error: detail.error ?? undefined,
    cause: detail.cause ?? undefined,
  };
  const cluster = clusterOfExecution(execution);
  const decision = decideSettlement(execution, cluster === undefined ? undefined : await getCluster(registry, cluster));
  logger.info(decision.reason, { event: LOG_EVENTS.executionSettled, execution: detail.name, action: decision.action });
  if (decision.action === 'clean-up') await start(cleanUpMachineArn, `${detail.name}-settled`, decision.input);
  if (decision.action === 'put-to-sleep') {
    if (decision.skip !== undefined) await skipGeneration(registry, decision.skip, decision.skip.phase);
    await start(sleepMachineArn, decision.execution, decision.input);
  }
  if (decision.action === 'wake') await start(wakeMachineArn, decision.execution, decision.input);
  if (decision.action === 'skip-generation') await skipGeneration(registry, decision.operation, decision.phase);
  if (decision.action === 'record-failure') {
    const { operation, error, cause } = decision;
    await finishOperation(registry, operation, { outcome: 'failed', error, cause }, new Date());
    await dropLock(registry, operation.cluster, detail.name);
  }
  if ((decision.action === 'record-failure' || decision.action === 'recover-again') && decision.again !== undefined) {
    await start(recoverMachineArn, decision.again.execution, decision.again.input);
  }
  // One that has cleaned up after itself has no lock any more, and has said how things are.
  if (decision.action === 'drop-lock' && (await readLock(registry, decision.cluster))?.owner === detail.name) {
    if (decision.condition !== undefined) {
      const condition = { ...decision.condition, observedAt: new Date().toISOString() };
      await putCondition(registry, decision.cluster, 'awake', condition);
    }
    // Last: where this is called again because it died half-way, the lock says that the condition may be missing.
    await dropLock(registry, decision.cluster, detail.name);
  }
  return { action: decision.action, reason: decision.reason };
});

const start = (stateMachineArn: string, name: string, input: object) =>
  startOnce(sfn, { stateMachineArn, name, input });
