import { SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { apiHandler, invalidFields } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { clusterView } from '../common/http/cluster-view.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { actOnCluster } from './act.ts';
import { ACTIONS } from './decide.ts';

const deps = {
  registry: connectRegistry(API_CLIENT),
  sfn: new SFNClient(API_CLIENT),
  machines: { sleep: requiredEnv('SLEEP_MACHINE_ARN'), wake: requiredEnv('WAKE_MACHINE_ARN') },
};
const parameters = z.object({
  name: clusterNameSchema,
  action: z.enum(ACTIONS, `must be one of ${ACTIONS.join(', ')}`),
});

export const handler = apiHandler(async ({ pathParameters }) => {
  const parsed = parameters.safeParse(pathParameters);
  if (!parsed.success) {
    throw invalidFields(parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })));
  }
  const { name, action } = parsed.data;
  const { status, record, operation } = await actOnCluster(deps, { cluster: name, action, now: new Date() });
  const body = { ...clusterView(record), ...(operation === undefined ? {} : { operation }) };
  return { status, body, headers: { location: `/clusters/${name}` } };
});
