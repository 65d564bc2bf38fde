import { ECSClient } from '@aws-sdk/client-ecs';
import { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { placementFromEnv } from '../common/aws/placement.ts';
import { operationSchema, wantsSchema } from '../common/cluster/operation.ts';
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

/** The first step of its machine: `members` is what the steps after it wait for, and is refused here. */
export const handler = stepHandler(operationSchema.extend({ members: wantsSchema.min(1) }), (operation) =>
  launchMembers(deps, operation),
);
