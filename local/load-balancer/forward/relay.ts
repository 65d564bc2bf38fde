/**
 * Bytes between client and target: streamed with back pressure, never collected, and cut when both sides have been silent
 * for the load balancer's idle timeout.
 */
import type { Readable, Writable } from 'node:stream';
import type { Exchange } from '../listen/exchange.ts';
import type { FlatHeaders } from '../listen/headers.ts';

/** What became of a request that was sent to a target, for metrics. */
export interface Observer {
  /** The target's status, once it has answered. */
  answered(status: number): void;
  /** The load balancer's own status in place of the target's. */
  failed(status: 502 | 504, cause: 'connection' | 'target'): void;
}

/** The connection to a target must stand within this time ("before the connection timeout expired (10 seconds)"). */
export const CONNECT_TIMEOUT_MS = 10_000;

export class IdleTimer {
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number, onIdle: () => void) {
    this.#timer = setTimeout(onIdle, timeoutMs);
  }

  touch(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** The request's body on its way to the target. */
export function sendBody(exchange: Exchange, target: Writable, idle: IdleTimer): void {
  if (!exchange.hasBody) {
    target.end();
    return;
  }
  exchange.body.on('data', () => {
    idle.touch();
  });
  exchange.body.pipe(target);
}

/** The answer's body on its way to the client; `trailers` is asked when the body has ended. */
export function sendAnswer(exchange: Exchange, from: Readable, idle: IdleTimer, trailers: () => FlatHeaders): void {
  from.on('data', () => {
    idle.touch();
  });
  from.on('end', () => {
    const last = trailers();
    if (last.length > 0) exchange.setTrailers(last);
    exchange.answer.end();
    // A client that still sends gets its answer all the same; the rest of its request goes nowhere.
    exchange.body.unpipe();
    exchange.body.resume();
  });
  from.pipe(exchange.answer, { end: false });
}
