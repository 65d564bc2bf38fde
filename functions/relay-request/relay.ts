/**
 * Brings one REST request to a proxy of the cluster and its answer back, as a load balancer would: to any of the proxies,
 * to the next one where a connection cannot be opened, and never a second time once something was sent.
 */
import { Agent, request as httpRequest } from 'node:http';
import { serviceGroup } from '../common/cluster/names.ts';
import { isServing, type TaskObservation } from '../common/cluster/tasks.ts';
import { MOST_ANSWER_BYTES, endToEnd, type RelayRequest, type RelayResult } from '../common/http/relayed.ts';
import { messageOf } from '../common/lambda/errors.ts';

export interface RelayDeps {
  /** Of the cluster, newest look. */
  readonly tasks: (cluster: string) => Promise<readonly TaskObservation[]>;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  /** In [0, 1): which proxy is asked first. */
  readonly draw: () => number;
}

const agent = new Agent({ keepAlive: false });
/** What Node sets by the body that it sends, and a wish that was granted when the body was read. */
const OWN = new Set(['content-length', 'expect']);

export function proxyAddresses(cluster: string, tasks: readonly TaskObservation[]): string[] {
  const group = serviceGroup(cluster, 'proxy');
  return tasks.filter((task) => task.group === group).flatMap((task) => (isServing(task) ? [task.address] : []));
}

export async function relayRequest(deps: RelayDeps, request: RelayRequest): Promise<RelayResult> {
  const addresses = proxyAddresses(request.cluster, await deps.tasks(request.cluster));
  const first = Math.floor(deps.draw() * addresses.length);
  let reason = 'no proxy of it runs';
  for (let index = 0; index < addresses.length; index += 1) {
    const address = addresses[(first + index) % addresses.length] ?? '';
    const result = await askOne(deps, address, request);
    if (result.kind !== 'unreachable') return result;
    reason = result.reason;
  }
  return { kind: 'unreachable', reason };
}

function askOne(
  { port, connectTimeoutMs, timeoutMs }: RelayDeps,
  host: string,
  { method, target, headers, body, isBase64Encoded }: RelayRequest,
): Promise<RelayResult> {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const sent = endToEnd(headers).filter(([name]) => !OWN.has(name.toLowerCase()));
  const bodiless = bytes.length === 0 && ['GET', 'HEAD', 'OPTIONS', 'DELETE'].includes(method);
  if (!bodiless) sent.push(['content-length', String(bytes.length)]);
  return new Promise((resolve) => {
    let connected = false;
    const settle = (result: RelayResult) => {
      clearTimeout(connecting);
      clearTimeout(working);
      outgoing.destroy();
      resolve(result);
    };
    const outgoing = httpRequest({ host, port, method, path: target, headers: sent.flat(), agent });
    const connecting = setTimeout(() => {
      if (!connected) settle({ kind: 'unreachable', reason: `${host}:${port} took no connection` });
    }, connectTimeoutMs);
    const working = setTimeout(() => {
      settle({ kind: 'broken', reason: `Milvus did not answer within ${timeoutMs / 1_000} s` });
    }, timeoutMs);
    outgoing.on('socket', (socket) => {
      socket.once('connect', () => {
        connected = true;
      });
    });
    outgoing.on('error', (error) => {
      const reason = `${host}:${port}: ${messageOf(error)}`;
      settle(connected ? { kind: 'broken', reason } : { kind: 'unreachable', reason });
    });
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MOST_ANSWER_BYTES) settle({ kind: 'too-large' });
        else chunks.push(chunk);
      });
      response.on('error', (error) => {
        settle({ kind: 'broken', reason: `${host}:${port}: ${messageOf(error)}` });
      });
      response.on('end', () => {
        if (!response.complete) return;
        const { rawHeaders, statusCode = 502 } = response;
        const received = Array.from({ length: rawHeaders.length / 2 }, (_, index): [string, string] => [
          rawHeaders[2 * index] ?? '',
          rawHeaders[2 * index + 1] ?? '',
        ]);
        settle({
          kind: 'answer',
          status: statusCode,
          headers: endToEnd(received).filter(([name]) => name.toLowerCase() !== 'content-length'),
          body: Buffer.concat(chunks).toString('base64'),
        });
      });
    });
    outgoing.end(bytes);
  });
}
