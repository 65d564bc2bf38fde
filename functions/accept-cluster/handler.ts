import { SFNClient } from '@aws-sdk/client-sfn';
import { clusterSpecSchema } from '../common/cluster/spec.ts';
import { apiHandler, idempotencyKeyOf, parseBody } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { clusterView } from '../common/http/cluster-view.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { acceptCluster } from './accept.ts';

const deps = {
  registry: connectRegistry(API_CLIENT),
  sfn: new SFNClient(API_CLIENT),
  createMachineArn: requiredEnv('CREATE_MACHINE_ARN'),
};

export const handler = apiHandler(async (event) => {
  const spec = parseBody(event, clusterSpecSchema);
  const idempotencyKey = idempotencyKeyOf(event);
  const record = await acceptCluster(deps, { spec, idempotencyKey, now: new Date() });
  return { status: 202, body: clusterView(record), headers: { location: `/clusters/${record.name}` } };
});
