import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { z } from 'zod';
import { observeTask } from '../common/cluster/tasks.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { registerTask } from './register.ts';

const deps = {
  registry: connectRegistry(),
  sfn: new SFNClient({}),
  namespace: { client: new ServiceDiscoveryClient({}), namespaceId: requiredEnv('NAMESPACE_ID') },
  elb: new ElasticLoadBalancingV2Client({}),
};

export const handler = stepHandler(
  z.object({ source: z.literal('aws.ecs'), 'detail-type': z.literal('ECS Task State Change'), detail: z.unknown() }),
  ({ detail }) => registerTask(deps, observeTask(detail), new Date()),
);
