/**
 * The process of the local load balancer. Started by load-balancer.ts, which says by environment variables where to serve.
 * Writes the file REDKITE_READY_FILE once the first state is read and its listeners are open.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { lambdaInvoker } from './forward/lambda.ts';
import { cloudWatchPut } from './metrics.ts';
import { startBalancing } from './server.ts';

const { AWS_ENDPOINT_URL, AWS_REGION, ...env } = z
  .object({
    AWS_ENDPOINT_URL: z.url(),
    AWS_REGION: z.string(),
    REDKITE_ENTRY_HTTP: z.coerce.number(),
    REDKITE_ENTRY_HTTPS: z.coerce.number(),
    REDKITE_CERTIFICATE_FILE: z.string(),
    REDKITE_KEY_FILE: z.string(),
    REDKITE_READY_FILE: z.string(),
  })
  .parse(process.env);

const log = (message: string) => {
  console.log(`${new Date().toISOString()} ${message}`);
};

/** Ports below 1024 belong to the machine, and another copy of the repository has a load balancer too. */
const MAPPED = new Map([
  [80, env.REDKITE_ENTRY_HTTP],
  [443, env.REDKITE_ENTRY_HTTPS],
]);

const loadBalancer = startBalancing({
  origin: AWS_ENDPOINT_URL,
  tls: { cert: readFileSync(env.REDKITE_CERTIFICATE_FILE), key: readFileSync(env.REDKITE_KEY_FILE) },
  portFor: (port) => MAPPED.get(port) ?? port,
  invoke: lambdaInvoker(AWS_ENDPOINT_URL, AWS_REGION),
  putMetrics: cloudWatchPut(AWS_ENDPOINT_URL, AWS_REGION),
  log,
});

process.once('SIGTERM', () => {
  void loadBalancer.stop().then(() => process.exit(0));
});

await loadBalancer.ready;
log(`Following the load balancers of ${AWS_ENDPOINT_URL}.`);
writeFileSync(env.REDKITE_READY_FILE, String(process.pid));
