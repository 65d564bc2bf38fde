import { ECSClient } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { BARRIER_KINDS } from '../common/cluster/barrier.ts';
import { wantsSchema } from '../common/cluster/operation.ts';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { awaitTasks } from './await-tasks.ts';

const deps = {
  registry: connectRegistry(),
  sfn: new SFNClient({}),
  source: { ecs: new ECSClient({}), ecsCluster: requiredEnv('ECS_CLUSTER') },
};
const inputSchema = z.object({
  cluster: clusterNameSchema,
  id: z.string(),
  kind: z.enum(BARRIER_KINDS),
  wants: wantsSchema,
  toleratedFailures: z.int().min(0),
  failureName: z.string(),
  since: z.string(),
  createdSince: z.string().optional(),
  token: z.string(),
});

export const handler = stepHandler(inputSchema, ({ cluster, ...barrier }) =>
  awaitTasks(deps, { cluster, barrier, now: new Date() }),
);
