/** To targets that speak HTTP/1.1, whatever the client speaks. Connections are kept and used again. */
import { Agent, request as httpRequest } from 'node:http';
import { respondWithError, type Exchange } from '../listen/exchange.ts';
import { headerPairs, headerValues, type FlatHeaders } from '../listen/headers.ts';
import { CONNECT_TIMEOUT_MS, IdleTimer, sendAnswer, sendBody, type Observer } from './relay.ts';

export interface TargetAddress {
  readonly host: string;
  readonly port: number;
}

/** To one target at a time; a request beyond it waits for a free connection. */
const MOST_CONNECTIONS = 1_024;
const MOST_IDLE_CONNECTIONS = 128;
const IDLE_CONNECTION_MS = 60_000;

/** The last used first: what is not needed grows old and is closed. */
export function newAgent(): Agent {
  return new Agent({
    keepAlive: true,
    maxSockets: MOST_CONNECTIONS,
    maxFreeSockets: MOST_IDLE_CONNECTIONS,
    scheduling: 'lifo',
    timeout: IDLE_CONNECTION_MS,
  });
}

export interface ForwardOptions {
  readonly headers: FlatHeaders;
  readonly idleTimeoutMs: number;
  readonly observer: Observer;
  /** Called when nothing of this request is under way any more. */
  readonly done: () => void;
}

/** Returns what breaks the request off: the end of a target's deregistration delay. */
export function forwardHttp1(
  exchange: Exchange,
  target: TargetAddress,
  agent: Agent,
  options: ForwardOptions,
): () => void {
  const { idleTimeoutMs, observer, done } = options;
  const request = httpRequest({
    host: target.host,
    port: target.port,
    method: exchange.method,
    path: exchange.path,
    headers: http1Headers(exchange, options.headers),
    agent,
    setHost: false,
  });
  let connecting: NodeJS.Timeout | undefined;
  let timedOut = false;
  const idle = new IdleTimer(idleTimeoutMs, () => {
    timedOut = true;
    request.destroy();
  });
  const finish = () => {
    clearTimeout(connecting);
    idle.stop();
    done();
  };
  let connected = false;
  const fail = () => {
    if (exchange.responded) {
      exchange.cut();
      return;
    }
    const status = timedOut ? 504 : 502;
    observer.failed(status, connected ? 'target' : 'connection');
    exchange.body.unpipe(request);
    respondWithError(exchange, status);
  };
  request.on('socket', (socket) => {
    connected = !socket.connecting;
    if (connected) return;
    connecting = setTimeout(() => {
      timedOut = true;
      request.destroy();
    }, CONNECT_TIMEOUT_MS);
    socket.once('connect', () => {
      connected = true;
      clearTimeout(connecting);
    });
  });
  let answered = false;
  request.on('response', (response) => {
    answered = true;
    const { statusCode = 502, rawHeaders } = response;
    idle.touch();
    observer.answered(statusCode);
    response.on('error', fail);
    exchange.respond(statusCode, rawHeaders);
    sendAnswer(exchange, response, idle, () => response.rawTrailers);
  });
  request.on('error', () => {
    // After the answer has begun the response tells about errors itself.
    if (!answered) fail();
  });
  request.on('close', finish);
  exchange.onClose((complete) => {
    if (!complete) request.destroy();
    idle.stop();
  });
  sendBody(exchange, request, idle);
  return () => request.destroy();
}

function http1Headers(exchange: Exchange, headers: FlatHeaders): string[] {
  const sent = ['Host', exchange.authority];
  const cookies: string[] = [];
  for (const [name, value] of headerPairs(headers)) {
    const lower = name.toLowerCase();
    if (lower === 'host') continue;
    // HTTP/2 clients may split their cookies; HTTP/1.1 has one line (RFC 9113 section 8.2.3).
    if (lower === 'cookie') cookies.push(value);
    else sent.push(name, value);
  }
  if (cookies.length > 0) sent.push('Cookie', cookies.join('; '));
  if (exchange.hasBody && headerValues(headers, 'content-length').length === 0)
    sent.push('Transfer-Encoding', 'chunked');
  return sent;
}
