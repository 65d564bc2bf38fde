/**
 * The load balancer without its sockets: finds the rule that a request meets, does what it says, and counts. The newest
 * state holds for the next request; those under way go on under the one they began with.
 */
import { randomBytes } from 'node:crypto';
import type { Agent } from 'node:http';
import { messageOf } from '../emulator-watch.ts';
import { respondWithError, respondWithText, type Exchange } from './listen/exchange.ts';
import { SessionPool, forwardHttp2 } from './forward/grpc.ts';
import { forwardHttp1, newAgent } from './forward/http.ts';
import { headerValues, newTraceId, requestHeaders } from './listen/headers.ts';
import { probe as defaultProbe, type Probe } from './health/probe.ts';
import { forwardToLambda, type InvokeFunction } from './forward/lambda.ts';
import { Metrics } from './metrics.ts';
import type { BalancerState, Forward, Listener, TargetGroup } from './rules/model.ts';
import type { Observer } from './forward/relay.ts';
import { chooseGroup, findRule, isCompatible, redirectLocation } from './rules/rules.ts';
import { Targets, type LiveTarget } from './targets.ts';

export interface BalancerOptions {
  readonly invoke: InvokeFunction;
  readonly log: (message: string) => void;
  readonly onHealth: (targetGroupArn: string) => void;
  readonly probe?: Probe;
  /** In [0, 1); chooses between weighted target groups. */
  readonly draw?: () => number;
}

const MALFORMED = 400;
const UNSUPPORTED = 500;
const INCOMPATIBLE = 464;
const NO_TARGET = 503;

export class Balancer {
  readonly metrics = new Metrics();
  readonly targets: Targets;
  readonly #options: BalancerOptions;
  readonly #agent: Agent = newAgent();
  readonly #sessions = new SessionPool();
  #state: BalancerState | undefined;

  constructor(options: BalancerOptions) {
    this.#options = options;
    this.targets = new Targets({
      probe: options.probe ?? defaultProbe,
      onHealth: options.onHealth,
      onGone: (target) => {
        this.#forgetConnections(target);
      },
    });
  }

  update(state: BalancerState): void {
    this.#state = state;
    this.targets.update(state);
  }

  handle(exchange: Exchange, listenerArn: string): void {
    try {
      this.#handle(exchange, listenerArn);
    } catch (error) {
      // Node refuses to send some requests that it takes, such as a path with a line break over HTTP/2.
      this.#options.log(`A request to ${listenerArn} could not be passed on: ${messageOf(error)}. The client got 400.`);
      respondWithError(exchange, MALFORMED);
    }
  }

  #handle(exchange: Exchange, listenerArn: string): void {
    const listener = this.#state?.listeners.get(listenerArn);
    if (listener === undefined) {
      // The listener was deleted; its sockets are about to close.
      respondWithError(exchange, NO_TARGET);
      return;
    }
    if (!exchange.path.startsWith('/') && exchange.path !== '*') {
      this.#refuse(exchange, listener, MALFORMED);
      return;
    }
    const { method, authority, path, sourceIp } = exchange;
    const header = (name: string) => headerValues(exchange.headers, name);
    const action = findRule(listener.rules, { method, authority, path, sourceIp, header })?.action;
    const { metrics } = this;
    switch (action?.kind) {
      case 'forward':
        this.#forward(exchange, listener, action);
        return;
      case 'fixed-response':
        metrics.add('HTTP_Fixed_Response_Count', listener.loadBalancerArn);
        respondWithText(exchange, action.status, action.contentType, action.body);
        return;
      case 'redirect': {
        metrics.add('HTTP_Redirect_Count', listener.loadBalancerArn);
        const { secure } = exchange;
        const location = redirectLocation(action, { secure, authority, path, port: listener.port });
        respondWithText(exchange, action.status, 'text/html', '', ['Location', location]);
        return;
      }
      default:
        this.#refuse(exchange, listener, UNSUPPORTED);
    }
  }

  /** An answer of the load balancer's own because something is wrong. */
  #refuse(exchange: Exchange, { loadBalancerArn }: Listener, status: number): void {
    this.#countOwn(loadBalancerArn, status);
    respondWithError(exchange, status);
  }

  #countOwn(loadBalancerArn: string, status: number): void {
    this.metrics.add(`HTTPCode_ELB_${Math.floor(status / 100)}XX_Count`, loadBalancerArn);
    if (status >= 500) this.metrics.add(`HTTPCode_ELB_${status}_Count`, loadBalancerArn);
  }

  #forward(exchange: Exchange, listener: Listener, action: Forward): void {
    const arn = chooseGroup(action, (this.#options.draw ?? Math.random)());
    const group = arn === undefined ? undefined : this.#state?.targetGroups.get(arn);
    if (group === undefined) {
      this.#refuse(exchange, listener, NO_TARGET);
      return;
    }
    const { http2, method } = exchange;
    const contentType = headerValues(exchange.headers, 'content-type')[0] ?? '';
    if (group.type === 'ip' && !isCompatible(group.version, { http2, method, contentType })) {
      this.#refuse(exchange, listener, INCOMPATIBLE);
      return;
    }
    const target = this.targets.next(group.arn);
    if (target === undefined) {
      this.#refuse(exchange, listener, NO_TARGET);
      return;
    }
    const headers = requestHeaders(exchange.headers, {
      sourceIp: exchange.sourceIp,
      secure: exchange.secure,
      port: listener.port,
      traceId: newTraceId(Date.now(), randomBytes(12).toString('hex')),
    });
    // AWS counts only requests for which a target was found.
    this.metrics.addBoth('RequestCount', listener.loadBalancerArn, group.arn);
    if (contentType.startsWith('application/grpc')) this.metrics.add('GrpcRequestCount', listener.loadBalancerArn);
    const observer = this.#observe(listener, group);
    const { idleTimeoutMs } = listener;
    if (group.type === 'lambda') {
      const { invoke, log } = this.#options;
      const done = target.begin(() => {
        exchange.cut();
      });
      forwardToLambda(exchange, group, target.id, { invoke, headers, idleTimeoutMs, observer, log })
        .catch((error: unknown) => {
          log(`Answering from ${target.id} failed: ${String(error)}`);
          exchange.cut();
        })
        .finally(done);
      return;
    }
    this.#forwardToAddress(exchange, group, target, { headers, idleTimeoutMs, observer });
  }

  #forwardToAddress(
    exchange: Exchange,
    group: TargetGroup,
    target: LiveTarget,
    options: { readonly headers: readonly string[]; readonly idleTimeoutMs: number; readonly observer: Observer },
  ): void {
    if (group.protocol === 'HTTPS' || target.port === undefined) {
      options.observer.failed(502, 'connection');
      respondWithError(exchange, 502);
      return;
    }
    const address = { host: target.id, port: target.port };
    let breakOff: () => void = () => undefined;
    const done = target.begin(() => {
      breakOff();
    });
    const forwarding = { ...options, done };
    breakOff =
      group.version === 'HTTP1'
        ? forwardHttp1(exchange, address, this.#agent, forwarding)
        : forwardHttp2(exchange, address, this.#sessions, forwarding);
  }

  #observe({ loadBalancerArn }: Listener, { arn, type }: TargetGroup): Observer {
    const started = performance.now();
    return {
      answered: (status) => {
        this.metrics.addBoth(`HTTPCode_Target_${Math.floor(status / 100)}XX_Count`, loadBalancerArn, arn);
        const seconds = (performance.now() - started) / 1_000;
        this.metrics.addBoth('TargetResponseTime', loadBalancerArn, arn, seconds, 'Seconds');
      },
      failed: (status, cause) => {
        this.#countOwn(loadBalancerArn, status);
        if (type === 'lambda') this.metrics.addBoth('LambdaUserError', loadBalancerArn, arn);
        else if (cause === 'connection') this.metrics.addBoth('TargetConnectionErrorCount', loadBalancerArn, arn);
      },
    };
  }

  /** The address may soon be another container's. */
  #forgetConnections({ id, port }: LiveTarget): void {
    if (port === undefined) return;
    this.#sessions.release({ host: id, port });
    const idle = this.#agent.freeSockets[this.#agent.getName({ host: id, port })] ?? [];
    for (const socket of [...idle]) socket.destroy();
  }

  stop(): void {
    this.targets.stop();
    this.#agent.destroy();
    this.#sessions.destroy();
  }
}
