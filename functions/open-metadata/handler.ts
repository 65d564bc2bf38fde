import { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { operationSchema } from '../common/cluster/operation.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { openMetadata } from './open.ts';

const deps = {
  registry: connectRegistry(),
  namespace: { client: new ServiceDiscoveryClient({}), namespaceId: requiredEnv('NAMESPACE_ID') },
};

export const handler = stepHandler(operationSchema, (operation) => openMetadata(deps, operation));
