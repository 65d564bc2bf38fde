import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { requiredEnv } from '../common/lambda/environment.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import type { EndedTask } from '../retire-session/retire.ts';
import { warmer } from '../warm-functions/warm.ts';
import { registerBatch, taskEventsSchema } from './batch.ts';
import { registerTask } from './register.ts';

const lambda = new LambdaClient({});
const retireFunction = requiredEnv('RETIRE_FUNCTION');

const deps = {
  registry: connectRegistry(),
  sfn: new SFNClient({}),
  namespace: { client: new ServiceDiscoveryClient({}), namespaceId: requiredEnv('NAMESPACE_ID') },
  replaceMachineArn: requiredEnv('REPLACE_MACHINE_ARN'),
  elb: new ElasticLoadBalancingV2Client({}),
  retireSession: async (ended: EndedTask) => {
    const Payload = Buffer.from(JSON.stringify(ended));
    await lambda.send(new InvokeCommand({ FunctionName: retireFunction, InvocationType: 'Event', Payload }));
  },
  // Members are lost rarely, so the functions of a replacement are cold, and each is waited for by itself.
  warm: warmer(lambda, requiredEnv('WARM_FUNCTIONS')),
};

export const handler = stepHandler(taskEventsSchema, (batch) =>
  registerBatch(batch, (task) => registerTask(deps, task, new Date())),
);
