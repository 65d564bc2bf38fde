import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { retireSession } from './retire.ts';

const registry = connectRegistry();

export const handler = stepHandler(
  z.object({ cluster: clusterNameSchema, taskId: z.string().min(1), address: z.ipv4() }),
  async (ended) => {
    const { retired, reason } = await retireSession(registry, ended);
    logger.info(reason, { event: LOG_EVENTS.sessionRetired, ...ended, retired });
    return { retired, reason };
  },
);
