/**
 * Target of the load balancer's default action: every request that meets no open rule comes here. Outside the VPC; it knows
 * a cluster by its record alone.
 */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import middy from '@middy/core';
import type { ALBResult } from 'aws-lambda';
import { requiredEnv } from '../common/lambda/environment.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { systemClock, within } from '../common/lambda/polling.ts';
import { WARM_UP, isWarmUp } from '../common/lambda/warm-up.ts';
import { givePlaceBack, takePlace } from '../common/registry/places.ts';
import { getCluster } from '../common/registry/registry.ts';
import { noteWakeWanted, skipGeneration } from '../common/registry/wake-wanted.ts';
import { badRequest, type EntryAnswer } from './answers.ts';
import { callRelay } from './call-relay.ts';
import { classify, filtersOf, patternList } from './classify.ts';
import { clusterFinder } from './find-cluster.ts';
import { holdRequest, type HoldDeps } from './hold.ts';
import { IGNORED_AGENTS, IGNORED_PATHS, USED_PATHS } from './known.ts';
import { readRequest } from './request.ts';
import { startWake } from './start-wake.ts';

/** A call that hangs must not take a held request's time: it is made again at the next look. */
const brief = {
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
  maxAttempts: 2,
};
/** Longer than the inside function may take; never twice, because it may have done its work. */
const patient = {
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 112_000, throwOnRequestTimeout: true },
  maxAttempts: 1,
};

const registry = {
  client: DynamoDBDocumentClient.from(new DynamoDBClient(brief)),
  table: requiredEnv('REGISTRY_TABLE'),
};
const wake = { sfn: new SFNClient(brief), wakeMachineArn: requiredEnv('WAKE_MACHINE_ARN') };
const relay = { lambda: new LambdaClient(patient), functionName: requiredEnv('RELAY_FUNCTION') };
const mostOfACluster = Number(requiredEnv('HELD_PER_CLUSTER'));
const targetGroups = requiredEnv('TARGET_GROUPS');
const filters = filtersOf({
  agents: patternList(requiredEnv('IGNORED_AGENTS'), IGNORED_AGENTS),
  paths: patternList(requiredEnv('IGNORED_PATHS'), IGNORED_PATHS),
  usedPaths: patternList(requiredEnv('USED_PATHS'), USED_PATHS),
});

const deps: HoldDeps = {
  find: clusterFinder(registry).find,
  read: (cluster) => getCluster(registry, cluster),
  startWake: (sleep, reason) => startWake(wake, sleep, reason),
  skipGeneration: (sleep) => skipGeneration(registry, sleep),
  noteWake: (sleep, wanted) => noteWakeWanted(registry, sleep, wanted),
  relay: (request) => callRelay(relay, request),
  takePlace: (cluster, nowMs) => takePlace(registry, cluster, mostOfACluster, nowMs),
  givePlaceBack: (cluster) => givePlaceBack(registry, cluster),
  clock: systemClock,
  within,
  draw: Math.random,
  policy: {
    holdMs: Number(requiredEnv('HOLD_SECONDS')) * 1_000,
    deadlineMarginMs: 1_000,
    rulesSpreadMs: 1_500,
    mostWakes: 3,
  },
};

/** Types of the load balancer's answers are mutable lists; ours are not. */
const mutable = ({ multiValueHeaders, ...answer }: EntryAnswer): ALBResult => ({
  ...answer,
  multiValueHeaders: Object.fromEntries(Object.entries(multiValueHeaders).map(([name, list]) => [name, [...list]])),
});

export const handler = middy()
  .before(({ context }) => {
    logger.resetKeys();
    logger.addContext(context);
  })
  .handler(async (event: unknown) => {
    if (isWarmUp(event)) return WARM_UP;
    const read = readRequest(event, targetGroups);
    if ('refused' in read) {
      logger.warn(read.refused, { event: LOG_EVENTS.eventForged });
      return mutable(badRequest(read.refused));
    }
    return mutable(await holdRequest(deps, read.request, classify(read.request, filters)));
  });
