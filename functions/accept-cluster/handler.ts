import { SFNClient } from '@aws-sdk/client-sfn';
import { clusterSpecSchema } from '../common/cluster/spec.ts';
import { apiHandler, invalidFields, parseBody } from '../common/http/api.ts';
import { clusterView } from '../common/http/cluster-view.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { acceptCluster } from './accept.ts';

const deps = {
  registry: connectRegistry(),
  sfn: new SFNClient({}),
  createMachineArn: requiredEnv('CREATE_MACHINE_ARN'),
};
const MAX_KEY = 128;

export const handler = apiHandler(async (event) => {
  const spec = parseBody(event, clusterSpecSchema);
  const idempotencyKey = event.headers['idempotency-key'];
  if (idempotencyKey !== undefined && idempotencyKey.length > MAX_KEY) {
    throw invalidFields([{ field: 'Idempotency-Key', message: `must have at most ${MAX_KEY} characters` }]);
  }
  const record = await acceptCluster(deps, { spec, idempotencyKey, now: new Date() });
  return { status: 202, body: clusterView(record), headers: { location: `/clusters/${record.name}` } };
});
