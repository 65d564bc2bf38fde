/**
 * Starts what functions inside the VPC have asked for (common/registry/requests.ts), as the registry's stream brings it: at least
 * once, in order for each cluster, and again when it failed. Idempotent by the execution's name.
 */
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { startOnce } from '../common/aws/executions.ts';
import { messageOf } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { deleteRequest, readRequest, type ClusterRequest } from '../common/registry/requests.ts';
import type { RegistryTable } from '../common/registry/registry.ts';
import { executionOf } from './verbs.ts';

/** What an event source mapping of a stream sends; the mapping's filter lets only requests through. */
export const streamRecordsSchema = z.object({
  Records: z
    .array(
      z.object({
        dynamodb: z.object({ SequenceNumber: z.string(), NewImage: z.record(z.string(), z.unknown()).optional() }),
      }),
    )
    .min(1),
});

/** A stream is read in order: all records from the first that is named come again. */
export interface StreamAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export interface StartRequestedDeps {
  readonly registry: RegistryTable;
  readonly sfn: SFNClient;
  /** By the environment variable that verbs.ts names. */
  readonly machineArn: (variable: string) => string;
}

export async function startRequested(
  deps: StartRequestedDeps,
  { Records }: z.output<typeof streamRecordsSchema>,
): Promise<StreamAnswer> {
  const failures: { itemIdentifier: string }[] = [];
  for (const { dynamodb } of Records) {
    const { SequenceNumber: itemIdentifier, NewImage } = dynamodb;
    const read = readRequest(NewImage && unmarshall(NewImage as Record<string, AttributeValue>));
    if (read.kind === 'unknown') {
      // It would come again until it expires, and hold up the requests behind it.
      logger.warn('a request that nobody understands', { event: LOG_EVENTS.requestDropped, why: read.why });
      continue;
    }
    try {
      await start(deps, read.request);
    } catch (error) {
      const { cluster, verb } = read.request;
      logger.error('a requested execution could not be started', {
        event: LOG_EVENTS.requestNotStarted,
        ...{ cluster, verb, reason: messageOf(error) },
      });
      failures.push({ itemIdentifier });
    }
  }
  return { batchItemFailures: failures };
}

async function start({ registry, sfn, machineArn }: StartRequestedDeps, request: ClusterRequest): Promise<void> {
  const { cluster, verb, reason } = request;
  const { machine, name, input } = executionOf(request);
  if (await startOnce(sfn, { stateMachineArn: machineArn(machine), name, input })) {
    logger.info(reason, { event: LOG_EVENTS.requestStarted, cluster, verb, execution: name });
  }
  await deleteRequest(registry, request);
}
