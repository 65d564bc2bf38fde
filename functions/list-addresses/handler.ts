import { ECSClient } from '@aws-sdk/client-ecs';
import { z } from 'zod';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { listAddresses } from './list.ts';

const deps = {
  registry: connectRegistry(),
  source: { ecs: new ECSClient({}), ecsCluster: requiredEnv('ECS_CLUSTER') },
};

export const handler = stepHandler(z.object({ wants: z.array(z.object({ group: z.string() })).min(1) }), ({ wants }) =>
  listAddresses(deps, wants),
);
