/**
 * The sockets of one listener, as strict as the ALB's: an HTTP listener speaks HTTP/1.1 and nothing else; an HTTPS listener
 * offers h2 and http/1.1 by ALPN. gRPC clients therefore need the HTTPS listener, here as on AWS.
 */
import { createServer as createHttp1Server, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Http2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { http1Exchange, http2Exchange, type Exchange } from './exchange.ts';
import { STREAM_WINDOW, widenConnection } from './http2-windows.ts';

/** The ALB's own limits: 64 KiB of request header; 128 streams a connection. */
const MOST_HEADER_BYTES = 64 * 1024;
const MOST_STREAMS = 128;
const MOST_CONNECTIONS = 10_000;
const HEADERS_TIMEOUT_MS = 60_000;

export interface Credentials {
  readonly key: Buffer;
  readonly cert: Buffer;
}

export interface OpenListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined: plain HTTP. */
  readonly tls: Credentials | undefined;
  /** After this time without a request a kept connection is closed. */
  readonly idleTimeoutMs: number;
  readonly onExchange: (exchange: Exchange) => void;
  readonly onConnection: () => void;
  readonly onTlsError: () => void;
}

export interface OpenListener {
  readonly port: number;
  readonly connections: number;
  /** Takes no new requests; resolves when the running ones are done, or after `graceMs`, when they are cut. */
  close(graceMs: number): Promise<void>;
}

export async function openListener(options: OpenListenerOptions): Promise<OpenListener> {
  const { host, port, tls, onConnection } = options;
  const http1 = http1Server(options);
  const http2 = tls === undefined ? undefined : http2Server(options, tls, http1);
  const server = http2 ?? http1;
  server.maxConnections = MOST_CONNECTIONS;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    onConnection();
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => sockets.delete(socket));
  });
  const sessions = new Set<ServerHttp2Session>();
  http2?.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return sockets.size;
    },
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      for (const session of sessions) session.close();
      http1.closeIdleConnections();
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(timer);
      if (http2 !== undefined) http1.close();
    },
  };
}

function http1Server({ onExchange, idleTimeoutMs, tls }: OpenListenerOptions): Server {
  const server = createHttp1Server({
    maxHeaderSize: MOST_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    keepAliveTimeout: idleTimeoutMs,
    // Uploads and streams may take as long as they like while bytes flow.
    requestTimeout: 0,
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    onExchange(http1Exchange(request, response, tls !== undefined));
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) {
      socket.end('HTTP/1.1 400 Bad Request\r\nServer: awselb/2.0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    } else socket.destroy();
  });
  return server;
}

function http2Server(options: OpenListenerOptions, { key, cert }: Credentials, http1: Server): Http2SecureServer {
  const server = createSecureServer({
    key,
    cert,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2', 'http/1.1'],
    settings: {
      maxConcurrentStreams: MOST_STREAMS,
      initialWindowSize: STREAM_WINDOW,
      maxHeaderListSize: MOST_HEADER_BYTES,
      enablePush: false,
    },
  });
  server.on('session', (session) => {
    widenConnection(session);
    session.on('error', () => undefined);
    session.setTimeout(options.idleTimeoutMs, () => {
      // Also fires while a request waits for a silent target: that one has its own timeout, and its own answer.
      if (openStreams.get(session) === undefined) session.close();
    });
  });
  const openStreams = new WeakMap<Http2Session, number>();
  const count = (session: Http2Session, by: number) => {
    const now = (openStreams.get(session) ?? 0) + by;
    if (now === 0) openStreams.delete(session);
    else openStreams.set(session, now);
  };
  server.on('stream', (stream: ServerHttp2Stream, _headers: unknown, flags: number, rawHeaders: string[]) => {
    const { session } = stream;
    if (session !== undefined) {
      count(session, 1);
      stream.once('close', () => {
        count(session, -1);
      });
    }
    options.onExchange(http2Exchange(stream, rawHeaders, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0));
  });
  // Chosen by ALPN, or a client without ALPN.
  server.on('unknownProtocol', (socket) => {
    http1.emit('connection', socket);
  });
  server.on('tlsClientError', options.onTlsError);
  return server;
}
