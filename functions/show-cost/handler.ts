import { S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { s3Store } from '../common/archive/store/s3.ts';
import { MONTH } from '../common/cost/hours.ts';
import { apiHandler, parseQuery } from '../common/http/api.ts';
import { API_CLIENT } from '../common/http/clients.ts';
import { clusterInPath } from '../common/http/path.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { showCost } from './cost.ts';
import { SETTINGS_PREFIX } from './own-prices.ts';

const deps = {
  registry: connectRegistry(API_CLIENT),
  settings: s3Store(new S3Client({ forcePathStyle: true, ...API_CLIENT }), requiredEnv('BUCKET'), SETTINGS_PREFIX),
  region: requiredEnv('AWS_REGION'),
  deployment: {
    brokers: Number(requiredEnv('BROKERS')),
    brokerType: requiredEnv('BROKER_TYPE'),
    brokerVolumeGib: Number(requiredEnv('BROKER_VOLUME_GIB')),
    publicAddresses: requiredEnv('ASSIGN_PUBLIC_IP') === 'ENABLED',
    alarms: requiredEnv('ALARMS') === 'on',
  },
};
const querySchema = z.strictObject({ month: z.string().regex(MONTH, 'must be a month such as 2026-11').optional() });

export const handler = apiHandler(async (event) => {
  const record = await clusterInPath(deps.registry, event);
  const { month } = parseQuery(event, querySchema);
  return { status: 200, body: await showCost(deps, record, month, new Date()) };
});
