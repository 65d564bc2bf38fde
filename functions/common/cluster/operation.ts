/** The input that every step of a lifecycle operation carries: whose step it is. */
import { z } from 'zod';
import { clusterNameSchema } from './spec.ts';

export const operationSchema = z.object({ cluster: clusterNameSchema, generation: z.int().min(1) });
