/** Gives the cluster's rules the conditions that clients' requests meet. The targets are healthy: nobody meets a half-ready cluster. */
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { z } from 'zod';
import { operationSchema } from '../common/cluster/operation.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { openEntry } from './open.ts';

const deps = { registry: connectRegistry(), elb: new ElasticLoadBalancingV2Client({}) };

const inputSchema = operationSchema.extend({ unloaded: z.string().default('') });

export const handler = stepHandler(inputSchema, ({ unloaded, ...operation }) => openEntry(deps, operation, unloaded));
