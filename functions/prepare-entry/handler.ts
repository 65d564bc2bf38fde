import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { operationSchema } from '../common/cluster/operation.ts';
import { optionalEnv, requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { prepareEntry } from './prepare.ts';

const deps = {
  registry: connectRegistry(),
  elb: new ElasticLoadBalancingV2Client({}),
  stage: requiredEnv('STAGE'),
  vpcId: requiredEnv('VPC_ID'),
  httpListenerArn: requiredEnv('HTTP_LISTENER_ARN'),
  httpsListenerArn: optionalEnv('HTTPS_LISTENER_ARN'),
};

export const handler = stepHandler(operationSchema, (operation) => prepareEntry(deps, operation));
