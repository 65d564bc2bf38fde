/** The input that every step of a lifecycle operation carries: whose step it is. */
import { z } from 'zod';
import { clusterNameSchema } from './spec.ts';

export const operationSchema = z.object({ cluster: clusterNameSchema, generation: z.int().min(1) });

/** Groups of tasks, and how many of each have to run. */
export const wantsSchema = z.array(z.object({ group: z.string(), count: z.int().min(0) }));

/** Where the tasks of each group were found. */
export const groupsSchema = z.array(z.object({ group: z.string(), addresses: z.array(z.string()) }));
