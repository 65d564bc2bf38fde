import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { dropLock } from '../common/registry/lock.ts';
import { beginRecovery } from './begin.ts';

const registry = connectRegistry();

export const handler = stepHandler(
  z.object({
    cluster: clusterNameSchema,
    owner: z.string(),
    reason: z.string(),
    restoration: z
      .object({
        archive: z.string(),
        revision: z.int(),
        asOf: z.iso.datetime(),
        undo: z.string().optional(),
        missingFiles: z.int(),
        notes: z.array(z.string()).default([]),
      })
      .transform(({ undo, ...restoration }) => (undo === undefined ? restoration : { ...restoration, undo }))
      .optional(),
  }),
  async (input) => {
    const operation = await beginRecovery(registry, input, new Date());
    logger.info('phase changed', { event: LOG_EVENTS.phaseChanged, ...operation, phase: 'recovering' });
    // The phase keeps everybody else away now; the members of the new quorum may have to be replaced under their own lock.
    await dropLock(registry, input.cluster, input.owner);
    return operation;
  },
);
