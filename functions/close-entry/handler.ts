import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { operationSchema } from '../common/cluster/operation.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { closeEntry } from './close.ts';

const deps = { registry: connectRegistry(), elb: new ElasticLoadBalancingV2Client({}), stage: requiredEnv('STAGE') };

export const handler = stepHandler(operationSchema, (operation) => closeEntry(deps, operation));
