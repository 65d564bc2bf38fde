import { LambdaClient } from '@aws-sdk/client-lambda';
import { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { memberTaskSchema } from '../common/quorum/observation.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { warmer } from '../warm-functions/warm.ts';
import { finishReplacement } from './finish.ts';

const deps = {
  registry: connectRegistry(),
  namespace: { client: new ServiceDiscoveryClient({}), namespaceId: requiredEnv('NAMESPACE_ID') },
  // Quorums are lost even more rarely than members: a recovery would wait for eleven cold starts, one after the other.
  warm: warmer(new LambdaClient({}), requiredEnv('WARM_FUNCTIONS')),
};
const identity = z.object({ cluster: clusterNameSchema, owner: z.string() });

export const handler = stepHandler(
  z.discriminatedUnion('outcome', [
    identity.extend({ outcome: z.literal('healthy'), tasks: z.array(memberTaskSchema) }),
    identity.extend({ outcome: z.literal('over') }),
    identity.extend({ outcome: z.literal('failed'), error: z.string(), cause: z.string() }),
  ]),
  (input) => finishReplacement(deps, input, input, new Date()),
);
