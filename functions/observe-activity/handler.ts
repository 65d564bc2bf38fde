import { z } from 'zod';
import { groupsSchema } from '../common/cluster/operation.ts';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAIT_BUDGET_MS } from '../common/lambda/wait-budget.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { sharedPort } from '../common/releases/ports.ts';
import { LOOKS } from './decide.ts';
import { observeActivity } from './observe.ts';

const TIMEOUT_MS = 5_000;
const INTERVAL_MS = 200;

const deps = {
  registry: connectRegistry(),
  options: {
    ports: { client: sharedPort('client'), management: sharedPort('management'), dataNode: sharedPort('dataNode') },
    timeoutMs: TIMEOUT_MS,
  },
  clock: systemClock,
  budgetMs: WAIT_BUDGET_MS,
  intervalMs: INTERVAL_MS,
};

export const handler = stepHandler(
  z.object({
    cluster: clusterNameSchema,
    groups: groupsSchema,
    look: z.enum(LOOKS).default('activity'),
  }),
  (input) => observeActivity(deps, input),
);
