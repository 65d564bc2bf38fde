import { z } from 'zod';
import { operationSchema } from '../common/cluster/operation.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { finishOperation } from './finish.ts';

const registry = connectRegistry();

export const handler = stepHandler(
  z.discriminatedUnion('outcome', [
    operationSchema.extend({
      outcome: z.literal('awake'),
      reason: z.string().optional(),
      failure: z.object({ error: z.string(), cause: z.string() }).optional(),
    }),
    operationSchema.extend({ outcome: z.literal('asleep') }),
    operationSchema.extend({ outcome: z.literal('failed'), error: z.string(), cause: z.string() }),
  ]),
  (input) => finishOperation(registry, input, input, new Date()),
);
