import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { z } from 'zod';
import { operationSchema } from '../common/cluster/operation.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { stopMembers } from './stop.ts';

const deps = {
  registry: connectRegistry(),
  source: { ecs: new ECSClient({}), ecsCluster: requiredEnv('ECS_CLUSTER') },
  namespace: { client: new ServiceDiscoveryClient({}), namespaceId: requiredEnv('NAMESPACE_ID') },
  elb: new ElasticLoadBalancingV2Client({}),
};

export const handler = stepHandler(
  operationSchema.extend({ archive: z.object({ name: z.string(), revision: z.int() }).optional() }),
  ({ archive, ...operation }) => stopMembers(deps, operation, archive),
);
