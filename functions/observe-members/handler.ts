import { ECSClient } from '@aws-sdk/client-ecs';
import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { observeMembers } from './observe.ts';

const deps = {
  registry: connectRegistry(),
  source: { ecs: new ECSClient({}), ecsCluster: requiredEnv('ECS_CLUSTER') },
  namespaceName: requiredEnv('NAMESPACE_NAME'),
  image: requiredEnv('ETCD_IMAGE'),
};

const inputSchema = z.object({
  cluster: clusterNameSchema,
  owner: z.string(),
  generation: z.int().min(1).optional(),
  retire: z.array(z.string()).default([]),
  upgrade: z.boolean().optional(),
  degraded: z.string().optional(),
  recovery: z.boolean().optional(),
});

export const handler = stepHandler(inputSchema, (input) => observeMembers(deps, input, new Date()));
