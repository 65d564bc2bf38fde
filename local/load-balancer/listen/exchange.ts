/**
 * One request of a client and its answer, the same for HTTP/1.1 and HTTP/2, so that every way to answer (a target, a
 * Lambda function, a fixed response) is written once.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import { endToEnd, headerPairs, headerValues, lowerNames, type FlatHeaders } from './headers.ts';

export interface Exchange {
  readonly http2: boolean;
  readonly secure: boolean;
  readonly method: string;
  readonly authority: string;
  /** Origin form, with the query. */
  readonly path: string;
  readonly headers: FlatHeaders;
  readonly hasBody: boolean;
  readonly body: Readable;
  readonly sourceIp: string;
  /** Where the answer's body goes, after `respond`. Ended by whoever writes it. */
  readonly answer: Writable;
  readonly responded: boolean;
  /** `trailers`: setTrailers may be called before `answer` ends. */
  respond(
    status: number,
    headers: FlatHeaders,
    options?: { readonly ended?: boolean; readonly trailers?: boolean },
  ): void;
  setTrailers(trailers: FlatHeaders): void;
  /** Breaks the answer off where a status can no longer be sent. */
  cut(): void;
  /** The client is done or gone. Called once. */
  onClose(listener: (complete: boolean) => void): void;
}

const LOOPBACK_V4_IN_V6 = '::ffff:';
const addressOf = (address: string | undefined) => (address ?? '').replace(LOOPBACK_V4_IN_V6, '');

/** Node reads answers from targets that it refuses to write: one bad target must not end the process. */
function orCut(write: () => void, exchange: Pick<Exchange, 'cut'>): void {
  try {
    write();
  } catch {
    exchange.cut();
  }
}

export function http1Exchange(request: IncomingMessage, response: ServerResponse, secure: boolean): Exchange {
  const { url = '/', method = 'GET', rawHeaders } = request;
  // A client that takes us for a proxy sends the absolute form (RFC 9112 section 3.2.2).
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(url);
  const path = absolute === null ? url : `${absolute[2]?.startsWith('/') ? '' : '/'}${absolute[2] ?? ''}`;
  let complete = false;
  response.on('finish', () => {
    complete = true;
  });
  response.on('error', () => undefined);
  request.on('error', () => undefined);
  return {
    http2: false,
    secure,
    method,
    authority: absolute?.[1] ?? request.headers.host ?? '',
    path,
    headers: rawHeaders,
    hasBody: request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0,
    body: request,
    sourceIp: addressOf(request.socket.remoteAddress),
    answer: response,
    get responded() {
      return response.headersSent;
    },
    respond(status, headers, options = {}) {
      if (response.headersSent || response.destroyed) return;
      orCut(() => {
        response.writeHead(status, endToEnd(headers));
        if (options.ended === true) response.end();
      }, this);
    },
    setTrailers(trailers) {
      response.addTrailers([...headerPairs(trailers)]);
    },
    cut() {
      response.destroy();
    },
    onClose(listener) {
      response.once('close', () => {
        listener(complete);
      });
    },
  };
}

export function http2Exchange(stream: ServerHttp2Stream, rawHeaders: FlatHeaders, endStream: boolean): Exchange {
  const pseudo = (name: string) => headerValues(rawHeaders, name)[0];
  let trailers: FlatHeaders = [];
  let complete = false;
  stream.on('error', () => undefined);
  stream.on('finish', () => {
    complete = true;
  });
  stream.on('wantTrailers', () => {
    const values: Record<string, string[]> = {};
    for (const [name, value] of headerPairs(trailers)) (values[name] ??= []).push(value);
    // Also without any trailer: it is what ends the stream.
    stream.sendTrailers(values);
  });
  return {
    http2: true,
    secure: true,
    method: pseudo(':method') ?? 'GET',
    authority: pseudo(':authority') ?? pseudo('host') ?? '',
    path: pseudo(':path') ?? '/',
    headers: rawHeaders,
    hasBody: !endStream,
    body: stream,
    sourceIp: addressOf(stream.session?.socket.remoteAddress),
    answer: stream,
    get responded() {
      return stream.headersSent;
    },
    respond(status, headers, options = {}) {
      if (stream.headersSent || stream.destroyed || stream.closed) return;
      const ended = options.ended === true;
      orCut(() => {
        stream.respond([':status', String(status), ...lowerNames(endToEnd(headers))], {
          endStream: ended,
          waitForTrailers: !ended && options.trailers === true,
        });
        if (ended) complete = true;
      }, this);
    },
    setTrailers(next) {
      trailers = lowerNames(endToEnd(next));
    },
    cut() {
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    },
    onClose(listener) {
      stream.once('close', () => {
        listener(complete && stream.rstCode === constants.NGHTTP2_NO_ERROR);
      });
    },
  };
}

const REASONS: Readonly<Record<number, string>> = {
  400: '400 Bad Request',
  408: '408 Request Time-out',
  413: '413 Request Entity Too Large',
  464: '464',
  500: '500 Internal Server Error',
  502: '502 Bad Gateway',
  503: '503 Service Temporarily Unavailable',
  504: '504 Gateway Time-out',
};

/** The ALB's own error page. gRPC clients make their status of the HTTP status (503 and others: UNAVAILABLE). */
export function respondWithError(exchange: Exchange, status: number): void {
  const title = REASONS[status] ?? String(status);
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  respondWithText(exchange, status, 'text/html', page);
}

export function respondWithText(
  exchange: Exchange,
  status: number,
  contentType: string,
  text: string | Buffer,
  more: FlatHeaders = [],
): void {
  const body = Buffer.from(text);
  const headers = [...more];
  // A function may give its own; twice, HTTP/2 refuses them.
  for (const [name, value] of [
    ['Server', 'awselb/2.0'],
    ['Date', new Date().toUTCString()],
  ] as const) {
    if (headerValues(more, name.toLowerCase()).length === 0) headers.push(name, value);
  }
  // What the client still sends is read and dropped: an unread request would block its connection.
  exchange.body.resume();
  if (body.length > 0) headers.push('Content-Type', contentType);
  headers.push('Content-Length', String(body.length));
  exchange.respond(status, headers, { ended: body.length === 0 || exchange.method === 'HEAD' });
  if (body.length > 0 && exchange.method !== 'HEAD') exchange.answer.end(body);
}
