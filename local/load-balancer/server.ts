/**
 * The load balancer as a whole: follows the emulator's ELBv2 state, keeps one set of sockets a listener, reports target
 * health and publishes metrics. One process serves every load balancer of this copy.
 */
import { messageOf, watchEmulator } from '../emulator-watch.ts';
import { Balancer } from './balancer.ts';
import { reportHealth } from './health/report.ts';
import type { InvokeFunction } from './forward/lambda.ts';
import { openListener, type Credentials, type OpenListener } from './listen/listeners.ts';
import { PERIOD_MS, publish, type PutMetrics } from './metrics.ts';
import type { BalancerState, Listener } from './rules/model.ts';
import { parseBalancerState } from './rules/read-state.ts';

export interface LoadBalancerOptions {
  /** Origin of the emulator. */
  readonly origin: string;
  readonly tls: Credentials | undefined;
  /** Where a listener of this port (as on AWS) is served on loopback. */
  readonly portFor: (listenerPort: number) => number;
  readonly invoke: InvokeFunction;
  readonly putMetrics: PutMetrics;
  readonly log: (message: string) => void;
  readonly metricsPeriodMs?: number;
  /** All health is told again this often: it heals what a restart or a quick re-registration left behind. */
  readonly retellMs?: number;
}

export interface LoadBalancer {
  /** The first state is read and its listeners are open. */
  readonly ready: Promise<void>;
  /** Where a listener is served, by its ARN. */
  portOf(listenerArn: string): number | undefined;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const RETELL_MS = 60_000;
const CLOSE_GRACE_MS = 3_000;
/** A deleted listener's requests may finish; as long as a target may take to drain by default. */
const LISTENER_GRACE_MS = 300_000;

interface Served {
  readonly listener: Listener;
  readonly open: OpenListener;
}

/** What has to be opened anew when it changes. */
const socketOf = ({ protocol, port }: Listener) => `${protocol}:${port}`;

export function startBalancing(options: LoadBalancerOptions): LoadBalancer {
  const { origin, tls, portFor, log, putMetrics } = options;
  const balancer = new Balancer({
    invoke: options.invoke,
    log,
    onHealth: (arn) => {
      report.tell(arn);
    },
  });
  const report = reportHealth(origin, (arn) => balancer.targets.healthOf(arn), log);
  const served = new Map<string, Served>();
  const closing = new Set<Promise<void>>();
  const remarked = new Set<string>();
  let becomeReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    becomeReady = resolve;
  });

  const sayOnce = (text: string) => {
    if (remarked.has(text)) return;
    remarked.add(text);
    log(text);
  };

  async function serve(listener: Listener): Promise<void> {
    const { arn, loadBalancerArn, protocol, port, idleTimeoutMs } = listener;
    if (protocol === 'HTTPS' && tls === undefined) {
      sayOnce(`Listener ${arn} is not served: the load balancer was started without a certificate.`);
      return;
    }
    try {
      const open = await openListener({
        host: HOST,
        port: portFor(port),
        tls: protocol === 'HTTPS' ? tls : undefined,
        idleTimeoutMs,
        onExchange: (exchange) => {
          balancer.handle(exchange, arn);
        },
        onConnection: () => {
          balancer.metrics.add('NewConnectionCount', loadBalancerArn);
        },
        onTlsError: () => {
          balancer.metrics.add('ClientTLSNegotiationErrorCount', loadBalancerArn);
        },
      });
      served.set(arn, { listener, open });
      log(`Listener ${protocol} ${port} of ${loadBalancerArn} is served on ${HOST}:${open.port}.`);
    } catch (error) {
      sayOnce(
        `Listener ${arn} is not served: ${HOST}:${portFor(port)} cannot be opened: ${messageOf(error)}. End what listens ` +
          'there, or give the listener another port.',
      );
    }
  }

  async function openAndClose(state: BalancerState): Promise<void> {
    for (const [arn, { listener, open }] of served) {
      const wanted = state.listeners.get(arn);
      if (wanted !== undefined && socketOf(wanted) === socketOf(listener)) continue;
      served.delete(arn);
      const closed = open.close(stopping ? CLOSE_GRACE_MS : LISTENER_GRACE_MS).finally(() => closing.delete(closed));
      closing.add(closed);
      log(`Listener ${socketOf(listener)} of ${listener.loadBalancerArn} is no longer served.`);
    }
    for (const listener of state.listeners.values()) if (!served.has(listener.arn)) await serve(listener);
  }

  let stopping = false;
  // One after the other: two states must not open the same port.
  let applied = Promise.resolve();
  const watch = watchEmulator({
    origin,
    path: '/_redkite/elbv2',
    parse: parseBalancerState,
    onState: (state) => {
      balancer.update(state);
      for (const text of state.remarks) sayOnce(text);
      applied = applied.then(() => openAndClose(state)).then(becomeReady);
    },
    log,
  });
  const retell = setInterval(() => {
    for (const { arn } of balancer.targets.groups) report.tell(arn);
  }, options.retellMs ?? RETELL_MS);
  const publishNow = async () => {
    for (const { listener, open } of served.values()) {
      if (open.connections > 0) {
        balancer.metrics.add('ActiveConnectionCount', listener.loadBalancerArn, undefined, open.connections);
      }
    }
    await publish(balancer.metrics, putMetrics, new Date(), log);
  };
  const publishing = setInterval(() => void publishNow(), options.metricsPeriodMs ?? PERIOD_MS);

  return {
    ready,
    portOf: (listenerArn) => served.get(listenerArn)?.open.port,
    async stop() {
      stopping = true;
      clearInterval(retell);
      clearInterval(publishing);
      await watch.stop();
      await applied;
      await Promise.all([...[...served.values()].map(({ open }) => open.close(CLOSE_GRACE_MS))]);
      balancer.stop();
      await report.stop();
      await publishNow();
    },
  };
}
