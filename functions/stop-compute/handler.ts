import { ECSClient } from '@aws-sdk/client-ecs';
import { z } from 'zod';
import { operationSchema } from '../common/cluster/operation.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { stopCompute } from './stop.ts';

const deps = {
  registry: connectRegistry(),
  source: { ecs: new ECSClient({}), ecsCluster: requiredEnv('ECS_CLUSTER') },
};

export const handler = stepHandler(
  operationSchema.extend({ saved: z.object({ name: z.string(), revision: z.int() }).optional() }),
  ({ saved, ...operation }) => stopCompute(deps, operation, saved),
);
