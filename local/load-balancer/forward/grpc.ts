/**
 * To targets that speak HTTP/2 without TLS (prior knowledge): gRPC and HTTP2 target groups. One session a target, used by
 * all requests; trailers, resets and cancellations pass both ways, so all four kinds of gRPC calls work.
 */
import { connect, constants, type ClientHttp2Session } from 'node:http2';
import { respondWithError, type Exchange } from '../listen/exchange.ts';
import type { ForwardOptions, TargetAddress } from './http.ts';
import { headerPairs, lowerNames, type FlatHeaders } from '../listen/headers.ts';
import { CONNECT_TIMEOUT_MS, IdleTimer, sendAnswer, sendBody } from './relay.ts';
import { STREAM_WINDOW, widenConnection } from '../listen/http2-windows.ts';

/** After a request got no answer: is anybody there at all? */
const PING_TIMEOUT_MS = 5_000;
const MOST_RESPONSE_HEADERS = 64 * 1024;

export class SessionPool {
  readonly #sessions = new Map<string, { readonly session: ClientHttp2Session; connected: boolean }>();

  /** The target's session, made when there is none that takes new requests. */
  get(target: TargetAddress): { readonly session: ClientHttp2Session; readonly connected: boolean } {
    const key = `${target.host}:${target.port}`;
    const known = this.#sessions.get(key);
    if (known !== undefined && !known.session.closed && !known.session.destroyed) return known;
    const session = connect(`http://${key}`, {
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: MOST_RESPONSE_HEADERS },
    });
    const entry = { session, connected: false };
    const timer = setTimeout(() => {
      session.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`));
    }, CONNECT_TIMEOUT_MS);
    const forget = () => {
      clearTimeout(timer);
      if (this.#sessions.get(key) === entry) this.#sessions.delete(key);
    };
    session.on('connect', () => {
      clearTimeout(timer);
      entry.connected = true;
      widenConnection(session);
    });
    session.on('goaway', forget);
    session.on('close', forget);
    // Each request on it hears of the error itself.
    session.on('error', forget);
    this.#sessions.set(key, entry);
    return entry;
  }

  /** Running requests finish; new ones get a new session. */
  release(target: TargetAddress): void {
    const key = `${target.host}:${target.port}`;
    this.#sessions.get(key)?.session.close();
    this.#sessions.delete(key);
  }

  get size(): number {
    return this.#sessions.size;
  }

  destroy(): void {
    for (const { session } of this.#sessions.values()) session.destroy();
    this.#sessions.clear();
  }
}

function dropIfDead(session: ClientHttp2Session): void {
  if (session.destroyed) return;
  const timer = setTimeout(() => {
    session.destroy();
  }, PING_TIMEOUT_MS).unref();
  session.ping(() => {
    clearTimeout(timer);
  });
}

/** Returns what breaks the request off: the end of a target's deregistration delay. */
export function forwardHttp2(
  exchange: Exchange,
  target: TargetAddress,
  pool: SessionPool,
  options: ForwardOptions,
): () => void {
  const { idleTimeoutMs, observer, done } = options;
  const entry = pool.get(target);
  const stream = entry.session.request(http2Headers(exchange, options.headers), { endStream: !exchange.hasBody });
  let timedOut = false;
  let answered = false;
  let ended = false;
  let trailers: FlatHeaders = [];
  const idle = new IdleTimer(idleTimeoutMs, () => {
    timedOut = true;
    stream.close(constants.NGHTTP2_CANCEL);
    if (!answered) dropIfDead(entry.session);
  });
  stream.on('response', (headers, flags, rawHeaders) => {
    answered = true;
    idle.touch();
    const status = headers[':status'] ?? 502;
    observer.answered(status);
    const raw = rawHeaders as unknown as FlatHeaders;
    ended = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    exchange.respond(status, raw, { ended, trailers: true });
    if (ended) {
      stream.resume();
      exchange.body.unpipe();
      exchange.body.resume();
    } else sendAnswer(exchange, stream, idle, () => trailers);
  });
  stream.on('trailers', (_headers, _flags, rawTrailers: FlatHeaders) => {
    trailers = rawTrailers;
  });
  stream.on('end', () => {
    ended = answered;
  });
  // What it was shows when the stream closes, which always follows.
  stream.on('error', () => undefined);
  stream.on('close', () => {
    idle.stop();
    exchange.body.unpipe();
    if (!ended) {
      if (exchange.responded) exchange.cut();
      else {
        const status = timedOut ? 504 : 502;
        observer.failed(status, entry.connected ? 'target' : 'connection');
        respondWithError(exchange, status);
      }
    }
    done();
  });
  exchange.onClose((complete) => {
    // A client's cancellation or deadline: the target must stop working on it.
    if (!complete) stream.close(constants.NGHTTP2_CANCEL);
    idle.stop();
  });
  if (exchange.hasBody) sendBody(exchange, stream, idle);
  return () => {
    stream.close(constants.NGHTTP2_CANCEL);
  };
}

function http2Headers(exchange: Exchange, headers: FlatHeaders): string[] {
  const sent = [
    [':method', exchange.method],
    [':scheme', 'http'],
    [':authority', exchange.authority],
    [':path', exchange.path],
    // Every gRPC server may demand it; the client's own was for our connection.
    ['te', 'trailers'],
  ].flat();
  for (const [name, value] of headerPairs(headers)) if (name.toLowerCase() !== 'host') sent.push(name, value);
  return lowerNames(sent);
}
