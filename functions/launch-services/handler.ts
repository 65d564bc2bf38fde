import { ECSClient } from '@aws-sdk/client-ecs';
import { z } from 'zod';
import { placementFromEnv } from '../common/aws/placement.ts';
import { operationSchema, wantsSchema } from '../common/cluster/operation.ts';
import { optionalEnv, requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { launchServices } from './launch.ts';

const deps = {
  registry: connectRegistry(),
  ecs: new ECSClient({}),
  placement: placementFromEnv(),
  milvus: {
    image: requiredEnv('MILVUS_IMAGE'),
    namespaceName: requiredEnv('NAMESPACE_NAME'),
    bucket: requiredEnv('BUCKET'),
    objects: {
      address: requiredEnv('OBJECTS_ADDRESS'),
      port: requiredEnv('OBJECTS_PORT'),
      tls: requiredEnv('OBJECTS_TLS') === 'true',
    },
    messagesSecretArn: requiredEnv('MESSAGES_SECRET_ARN'),
    taskRoleArn: requiredEnv('TASK_ROLE_ARN'),
  },
  spotRoles: optionalEnv('SPOT_ROLES')?.split(',') ?? [],
  now: () => new Date(),
};

/** The first step of its machine: `roles` is what the steps after it wait for, and is refused here. */
export const handler = stepHandler(
  operationSchema.extend({ brokers: z.array(z.string()).min(1), roles: wantsSchema.min(1) }),
  (input) => launchServices(deps, input, input.brokers),
);
