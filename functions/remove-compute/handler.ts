import { ECSClient } from '@aws-sdk/client-ecs';
import { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { operationSchema } from '../common/cluster/operation.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { removeCompute } from './remove.ts';

const deps = {
  registry: connectRegistry(),
  source: { ecs: new ECSClient({}), ecsCluster: requiredEnv('ECS_CLUSTER') },
  namespace: { client: new ServiceDiscoveryClient({}), namespaceId: requiredEnv('NAMESPACE_ID') },
};

export const handler = stepHandler(operationSchema, (operation) => removeCompute(deps, operation));
