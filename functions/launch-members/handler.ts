import { ECSClient } from '@aws-sdk/client-ecs';
import { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { placementFromEnv } from '../common/aws/placement.ts';
import { operationSchema } from '../common/cluster/operation.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { launchMembers } from './launch.ts';

const placement = placementFromEnv();
const deps = {
  registry: connectRegistry(),
  source: { ecs: new ECSClient({}), ecsCluster: placement.ecsCluster },
  namespace: { client: new ServiceDiscoveryClient({}), namespaceId: requiredEnv('NAMESPACE_ID') },
  namespaceName: requiredEnv('NAMESPACE_NAME'),
  placement,
  image: requiredEnv('ETCD_IMAGE'),
};

export const handler = stepHandler(operationSchema, (operation) => launchMembers(deps, operation));
