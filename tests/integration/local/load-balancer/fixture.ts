/** What the integration tests stand on: an emulator of a few lines, a load balancer on free ports, targets of each kind. */
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { MetricDatum } from '@aws-sdk/client-cloudwatch';
import { generate } from 'selfsigned';
import type { Invocation } from '../../../../local/load-balancer/lambda-target.ts';
import { startBalancing, type LoadBalancer } from '../../../../local/load-balancer/server.ts';

export const LB = 'arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/app/entry/1';
export const HTTP = 'listener-http';
export const HTTPS = 'listener-https';
export const groupArn = (name: string) =>
  `arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/${name}/1`;
export const forwardTo = (...names: string[]) => ({
  Type: 'forward',
  ForwardConfig: { TargetGroups: names.map((name) => ({ TargetGroupArn: groupArn(name), Weight: 1 })) },
});
export const fixed = (status: number, body = '') => ({
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode: String(status), ContentType: 'text/plain', MessageBody: body },
});

interface GroupInput {
  readonly name: string;
  readonly targets: readonly { readonly Id: string; readonly Port?: number }[];
  readonly [field: string]: unknown;
}

export function stateOf(input: {
  readonly groups?: readonly GroupInput[];
  /** The default action of both listeners. */
  readonly action?: object;
  readonly rules?: readonly object[];
  readonly idleTimeoutSeconds?: number;
}) {
  const { groups = [], action = fixed(404), rules = [], idleTimeoutSeconds = 60 } = input;
  const listeners = [
    { ListenerArn: HTTP, LoadBalancerArn: LB, Port: 80, Protocol: 'HTTP' },
    { ListenerArn: HTTPS, LoadBalancerArn: LB, Port: 443, Protocol: 'HTTPS' },
  ];
  return {
    LoadBalancers: [
      { LoadBalancerArn: LB, Attributes: [{ Key: 'idle_timeout.timeout_seconds', Value: String(idleTimeoutSeconds) }] },
    ],
    Listeners: listeners,
    Rules: listeners.flatMap(({ ListenerArn }) => [
      ...rules.map((rule, index) => ({
        RuleArn: `${ListenerArn}/${index}`,
        ListenerArn,
        Priority: String(index + 1),
        Conditions: [],
        ...rule,
      })),
      { RuleArn: `${ListenerArn}/default`, ListenerArn, Priority: 'default', Conditions: [], Actions: [action] },
    ]),
    TargetGroups: groups.map(({ name, targets, ...fields }) => ({
      TargetGroupArn: groupArn(name),
      TargetType: 'ip',
      Protocol: 'HTTP',
      ProtocolVersion: 'HTTP1',
      HealthCheckIntervalSeconds: 0.05,
      HealthCheckTimeoutSeconds: 1,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 2,
      ...fields,
      Targets: targets,
    })),
  };
}

export type ElbState = ReturnType<typeof stateOf>;

export interface ReportedHealth {
  readonly targetGroupArn: string;
  readonly targets: readonly { id: string; port?: number; state: string; reason?: string; description?: string }[];
}

/** The admin calls, by their contract. */
export class FakeEmulator {
  revision = 1;
  state: ElbState = stateOf({});
  readonly reports: ReportedHealth[] = [];
  polls = 0;
  #server: Server;
  #waiting = new Set<() => void>();
  #watchers = new Set<() => void>();
  #port = 0;

  constructor() {
    this.#server = this.#create();
  }

  #create(): Server {
    return createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://emulator');
      if (request.method === 'POST') {
        let text = '';
        request.on('data', (chunk: Buffer) => (text += chunk.toString()));
        request.on('end', () => {
          this.reports.push(JSON.parse(text) as ReportedHealth);
          response.end('{}');
          for (const watcher of this.#watchers) watcher();
        });
        return;
      }
      this.polls += 1;
      const answer = () => {
        this.#waiting.delete(answer);
        clearTimeout(timer);
        response.end(JSON.stringify({ revision: this.revision, ...this.state }));
      };
      const timer = setTimeout(answer, Number(url.searchParams.get('timeout')) * 1_000);
      if (Number(url.searchParams.get('after')) === this.revision) this.#waiting.add(answer);
      else answer();
      request.on('close', () => {
        clearTimeout(timer);
      });
    });
  }

  async start(): Promise<void> {
    this.#port = await listen(this.#server, this.#port);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  set(state: ElbState): void {
    this.state = state;
    this.revision += 1;
    for (const answer of [...this.#waiting]) answer();
  }

  async stop(): Promise<void> {
    this.#waiting.clear();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async restart(): Promise<void> {
    this.#server = this.#create();
    await this.start();
  }

  /** Resolves once the newest report about the target says so. */
  reported(name: string, id: string, state: string, port?: number): Promise<ReportedHealth['targets'][number]> {
    const find = () =>
      this.reports
        .findLast(({ targetGroupArn }) => targetGroupArn === groupArn(name))
        ?.targets.find((target) => target.id === id && (port === undefined || target.port === port));
    return new Promise((resolve) => {
      const look = () => {
        const target = find();
        if (target?.state !== state) return;
        this.#watchers.delete(look);
        resolve(target);
      };
      this.#watchers.add(look);
      look();
    });
  }
}

export function listen(server: Server, port = 0, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

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

/** One HTTP/1.1 group `web` behind both listeners. */
export function behind(
  members: readonly { Id: string; Port: number }[],
  fields: object = {},
  state: { idleTimeoutSeconds?: number } = {},
): Promise<Setup> {
  const group = { name: 'web', targets: members.map(({ Id, Port }) => ({ Id, Port })), ...fields };
  return setUp(stateOf({ groups: [group], action: forwardTo('web'), ...state }));
}
