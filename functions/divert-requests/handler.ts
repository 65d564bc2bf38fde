/** Closes the cluster's rules: its requests go to the wake function from here on. Says whether one has been there already. */
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { operationSchema } from '../common/cluster/operation.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { divertRequests } from './divert.ts';

const deps = { registry: connectRegistry(), elb: new ElasticLoadBalancingV2Client({}) };

export const handler = stepHandler(operationSchema, (operation) => divertRequests(deps, operation));
