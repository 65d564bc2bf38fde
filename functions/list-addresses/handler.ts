/**
 * Where the tasks of the given groups are now, for the functions in the VPC, which cannot ask ECS. Used after a probe
 * that was not ready: a task may have been replaced meanwhile.
 */
import { ECSClient } from '@aws-sdk/client-ecs';
import { z } from 'zod';
import { observeGroups } from '../common/aws/tasks.ts';
import { isServing } from '../common/cluster/tasks.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';

const source = { ecs: new ECSClient({}), ecsCluster: requiredEnv('ECS_CLUSTER') };

export const handler = stepHandler(
  z.object({ wants: z.array(z.object({ group: z.string() })).min(1) }),
  async ({ wants }) => {
    const tasks = (
      await observeGroups(
        source,
        wants.map((want) => want.group),
      )
    ).filter(isServing);
    return {
      groups: wants.map(({ group }) => ({
        group,
        addresses: tasks.filter((task) => task.group === group).map((task) => task.address),
      })),
    };
  },
);
