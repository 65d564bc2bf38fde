/** One health check of one target, as the ALB makes it: its own connection, closed afterwards. */
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { FAILED, TIMED_OUT, matchesCode, wrongCode, type CheckResult } from './state.ts';
import type { HealthCheck } from '../rules/model.ts';

const USER_AGENT = 'ELB-HealthChecker/2.0';
/** A gRPC message without content: not compressed, no bytes. */
const EMPTY_MESSAGE = Buffer.alloc(5);

export type Probe = (host: string, port: number, check: HealthCheck) => Promise<CheckResult>;

export const probe: Probe = async (host, port, check) => {
  try {
    const code = await (check.version === 'HTTP1' ? http1Code(host, port, check) : http2Code(host, port, check));
    return matchesCode(check.matcher, code) ? { ok: true } : wrongCode(code);
  } catch (error) {
    return error instanceof TimedOut ? TIMED_OUT : FAILED;
  }
};

class TimedOut extends Error {}

function http1Code(host: string, port: number, check: HealthCheck): Promise<number> {
  return new Promise((resolve, reject) => {
    const send = check.protocol === 'HTTPS' ? httpsRequest : httpRequest;
    const request = send({
      host,
      port,
      path: check.path,
      headers: { Host: `${host}:${port}`, 'User-Agent': USER_AGENT, Connection: 'close' },
      agent: false,
      // The ALB does not look at its targets' certificates.
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => {
      request.destroy(new TimedOut());
    }, check.timeoutMs);
    request.on('response', (response) => {
      clearTimeout(timer);
      response.on('error', () => undefined);
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end();
  });
}

/** The HTTP status; for gRPC the call's status, from the trailers or from an answer that is nothing but trailers. */
function http2Code(host: string, port: number, check: HealthCheck): Promise<number> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://${host}:${port}`, { settings: { enablePush: false } });
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      settle();
      session.destroy();
    };
    const fail = (error: Error) => {
      finish(() => {
        reject(error);
      });
    };
    const succeed = (code: number) => {
      finish(() => {
        resolve(code);
      });
    };
    const timer = setTimeout(() => {
      fail(new TimedOut());
    }, check.timeoutMs);
    session.on('error', fail);
    const grpc = check.version === 'GRPC';
    const stream = session.request({
      ':method': grpc ? 'POST' : 'GET',
      ':path': check.path,
      'user-agent': USER_AGENT,
      ...(grpc ? { 'content-type': 'application/grpc', te: 'trailers' } : {}),
    });
    stream.on('error', fail);
    stream.on('close', () => {
      fail(new Error(`the stream closed with code ${stream.rstCode}`));
    });
    stream.on('response', (headers) => {
      const status = headers[':status'] ?? 0;
      if (!grpc || status !== 200) succeed(status);
      else if (headers['grpc-status'] !== undefined) succeed(Number(headers['grpc-status']));
    });
    stream.on('trailers', (trailers: IncomingHttpHeaders) => {
      if (trailers['grpc-status'] !== undefined) succeed(Number(trailers['grpc-status']));
    });
    stream.resume();
    stream.end(grpc ? EMPTY_MESSAGE : undefined);
  });
}
