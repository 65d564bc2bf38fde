/** Numbers of the template that have to fit each other; nothing else would notice. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { PLACE_SECONDS } from '../../../functions/common/registry/places.ts';

const root = join(import.meta.dirname, '../../..');
const template = <Shape>(name: string, schema: z.ZodType<Shape>): Shape =>
  // Tags like !Ref stand in other places than those that are read here.
  schema.parse(parse(readFileSync(join(root, name), 'utf8'), { logLevel: 'silent' }));
/** As decision 10 promises it, and `npm run test:naps` tries it. */
const CLIENTS_AT_ONCE = 200;

const serverless = template(
  'serverless.yml',
  z.object({
    params: z.object({
      default: z.object({
        heldRequests: z.int(),
        heldPerCluster: z.int(),
        relayedRequests: z.int(),
        holdSeconds: z.int(),
      }),
    }),
    functions: z.object({
      holdRequest: z.object({ timeout: z.int(), reservedConcurrency: z.literal('${param:heldRequests}') }),
      relayRequest: z.object({ timeout: z.int(), reservedConcurrency: z.literal('${param:relayedRequests}') }),
    }),
  }),
);
const { heldRequests, heldPerCluster, relayedRequests, holdSeconds } = serverless.params.default;
const { holdRequest, relayRequest } = serverless.functions;

test('one cluster has what is promised, and leaves functions for the others and for telling the rest to come again', () => {
  expect(heldPerCluster).toBeGreaterThanOrEqual(CLIENTS_AT_ONCE);
  expect(heldRequests - heldPerCluster).toBeGreaterThanOrEqual(CLIENTS_AT_ONCE / 2);
  // A place outlives the function that took it, whatever became of that.
  expect(PLACE_SECONDS).toBeGreaterThan(holdRequest.timeout);
});

test('relays are bounded, and by less than what is held: they end sooner', () => {
  expect(relayedRequests).toBeGreaterThan(0);
  expect(relayedRequests).toBeLessThan(heldRequests);
});

test('a request that is held as long as may be is still relayed, and answered before the load balancer gives it up', () => {
  expect(holdRequest.timeout).toBeGreaterThanOrEqual(holdSeconds + relayRequest.timeout);
  const entry = template(
    'resources/entry.yml',
    z.object({
      Resources: z.object({
        Entry: z.object({
          Properties: z.object({ LoadBalancerAttributes: z.array(z.object({ Key: z.string(), Value: z.string() })) }),
        }),
      }),
    }),
  );
  const idle = entry.Resources.Entry.Properties.LoadBalancerAttributes.find(
    ({ Key }) => Key === 'idle_timeout.timeout_seconds',
  );
  expect(Number(idle?.Value)).toBeGreaterThan(holdRequest.timeout);
});
