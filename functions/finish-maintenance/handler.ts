import { SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { finishMaintenance } from './finish.ts';

const deps = {
  registry: connectRegistry(),
  sfn: new SFNClient({}),
  replaceMachineArn: requiredEnv('REPLACE_MACHINE_ARN'),
};
const identity = z.object({ cluster: clusterNameSchema, owner: z.string() });

export const handler = stepHandler(
  z.discriminatedUnion('outcome', [
    identity.extend({ outcome: z.literal('done') }),
    identity.extend({ outcome: z.literal('over') }),
    identity.extend({ outcome: z.literal('members'), reason: z.string() }),
    identity.extend({ outcome: z.literal('failed'), error: z.string(), cause: z.string() }),
  ]),
  (input) => finishMaintenance(deps, input, input, new Date()),
);
