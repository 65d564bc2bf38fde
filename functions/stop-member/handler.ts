/** Stops a task of a member that is nobody's, or that has not answered for too long. A task that is gone is no failure. */
import { ECSClient, StopTaskCommand } from '@aws-sdk/client-ecs';
import { z } from 'zod';
import { requiredEnv } from '../common/lambda/environment.ts';
import { hasName } from '../common/lambda/errors.ts';
import { stepHandler } from '../common/lambda/step.ts';

const ecs = new ECSClient({});
const cluster = requiredEnv('ECS_CLUSTER');
/** ECS takes no longer reason. */
const REASON_MAX = 255;

export const handler = stepHandler(
  z.object({ taskArn: z.string(), reason: z.string() }),
  async ({ taskArn, reason }) => {
    try {
      await ecs.send(
        new StopTaskCommand({ cluster, task: taskArn, reason: `Redkite: ${reason}`.slice(0, REASON_MAX) }),
      );
    } catch (error) {
      if (!hasName(error, 'InvalidParameterException')) throw error;
    }
    return { stopped: taskArn };
  },
);
