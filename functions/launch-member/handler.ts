import { ECSClient } from '@aws-sdk/client-ecs';
import { z } from 'zod';
import { placementFromEnv } from '../common/aws/placement.ts';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { launchMember } from './launch.ts';

const placement = placementFromEnv();
const deps = {
  registry: connectRegistry(),
  source: { ecs: new ECSClient({}), ecsCluster: placement.ecsCluster },
  namespaceName: requiredEnv('NAMESPACE_NAME'),
  placement,
  image: requiredEnv('ETCD_IMAGE'),
};

const inputSchema = z.object({
  cluster: clusterNameSchema,
  owner: z.string(),
  ordinal: z.int().min(0).max(4),
  memberId: z.string(),
  initialCluster: z.string(),
  spent: z.array(z.string()),
  degraded: z.string(),
});

export const handler = stepHandler(inputSchema, (input) => launchMember(deps, input, new Date()));
