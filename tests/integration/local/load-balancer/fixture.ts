/** What the integration tests stand on: a load balancer on free ports, behind an emulator of a few lines, and targets. */
import { createServer, request as httpRequest, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { MetricDatum } from '@aws-sdk/client-cloudwatch';
import { generate } from 'selfsigned';
import type { Invocation } from '../../../../local/load-balancer/forward/lambda.ts';
import { HTTP, HTTPS, forwardTo, stateOf, type ElbState } from './elbv2-state.ts';
import { FakeEmulator, listen } from './fake-emulator.ts';
import { startBalancing, type LoadBalancer } from '../../../../local/load-balancer/server.ts';

/** Answers /healthz with 200 unless told otherwise; everything else goes to the listener. */
export async function httpTarget(listener: RequestListener, host = '127.0.0.1', port = 0) {
  const server = createServer((request, response) => {
    if (request.headers['user-agent'] === 'ELB-HealthChecker/2.0') {
      response.statusCode = target.healthStatus;
      response.end();
    } else listener(request, response);
  });
  const target = {
    Id: host,
    Port: await listen(server, port, host),
    server,
    healthStatus: 200,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return target;
}

export const certificate = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });

export interface Setup {
  readonly emulator: FakeEmulator;
  readonly balancer: LoadBalancer;
  readonly metrics: MetricDatum[];
  readonly logged: string[];
  readonly invocations: Record<string, unknown>[];
  /** Ports by listener; they may change with the state. */
  readonly http: () => number;
  readonly https: () => number;
  stop(): Promise<void>;
}

export async function setUp(
  state: ElbState,
  options: {
    invoke?: (event: Record<string, unknown>, signal: AbortSignal) => Promise<Invocation>;
    retellMs?: number;
  } = {},
): Promise<Setup> {
  const emulator = new FakeEmulator();
  emulator.state = state;
  await emulator.start();
  const metrics: MetricDatum[] = [];
  const logged: string[] = [];
  const invocations: Record<string, unknown>[] = [];
  const balancer = startBalancing({
    origin: emulator.origin,
    tls: { key: Buffer.from(certificate.private), cert: Buffer.from(certificate.cert) },
    portFor: () => 0,
    invoke: (_arn, payload, signal) => {
      const event = JSON.parse(payload.toString()) as Record<string, unknown>;
      invocations.push(event);
      if (options.invoke === undefined) throw new Error('No function here.');
      return options.invoke(event, signal);
    },
    putMetrics: (data) => {
      metrics.push(...data);
      return Promise.resolve();
    },
    log: (message) => logged.push(message),
    retellMs: options.retellMs ?? 60_000,
  });
  await balancer.ready;
  const port = (arn: string) => () => balancer.portOf(arn) ?? 0;
  return {
    emulator,
    balancer,
    metrics,
    logged,
    invocations,
    http: port(HTTP),
    https: port(HTTPS),
    async stop() {
      await balancer.stop();
      await emulator.stop();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export function get(
  port: number,
  path = '/',
  options: { method?: string; headers?: Record<string, string | string[]>; body?: string | Buffer; tls?: boolean } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = options.tls === true ? httpsRequest : httpRequest;
    const request = send({
      host: '127.0.0.1',
      port,
      path,
      method: options.method ?? 'GET',
      headers: options.headers ?? {},
      agent: false,
      rejectUnauthorized: false,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.end(options.body);
  });
}

export function sumOf(metrics: readonly MetricDatum[], name: string, withGroup = false): number {
  return metrics
    .filter(({ MetricName, Dimensions }) => MetricName === name && (Dimensions?.length === 2) === withGroup)
    .reduce((sum, { StatisticValues }) => sum + (StatisticValues?.Sum ?? 0), 0);
}

/** Something that happens on the other side of a connection. */
export function signal(): { readonly told: Promise<unknown>; readonly tell: () => void } {
  let tell: () => void = () => undefined;
  const told = new Promise((resolve) => {
    tell = () => {
      resolve(undefined);
    };
  });
  return { told, tell };
}

export type Target = Awaited<ReturnType<typeof httpTarget>>;

/** What a test makes, which ends with it: call this once a file, and `set` and `target` in its tests. */
export function fixture() {
  const open: { stop(): Promise<void> }[] = [];
  const ending = <T extends { stop(): Promise<void> }>(made: T): T => {
    open.unshift(made);
    return made;
  };
  afterEach(async () => {
    // The load balancer before its targets: what was made last goes first.
    for (const made of open.splice(0)) await made.stop();
  });
  const serve = async (...input: Parameters<typeof setUp>): Promise<Setup> => ending(await setUp(...input));
  return {
    serve,
    target: async (...input: Parameters<typeof httpTarget>): Promise<Target> => ending(await httpTarget(...input)),
    /** One HTTP/1.1 group `web` behind both listeners. */
    behind: (
      members: readonly { Id: string; Port: number }[],
      fields: object = {},
      state: { idleTimeoutSeconds?: number } = {},
    ): Promise<Setup> => {
      const group = { name: 'web', targets: members.map(({ Id, Port }) => ({ Id, Port })), ...fields };
      return serve(stateOf({ groups: [group], action: forwardTo('web'), ...state }));
    },
  };
}
