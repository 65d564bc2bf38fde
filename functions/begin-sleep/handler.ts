import { z } from 'zod';
import { operationSchema } from '../common/cluster/operation.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { beginSleep } from './begin.ts';

const registry = connectRegistry();

export const handler = stepHandler(
  operationSchema.extend({
    owner: z.string(),
    reason: z.string(),
    failure: z.object({ error: z.string(), cause: z.string() }).optional(),
  }),
  (request) => beginSleep(registry, request, new Date()),
);
