/** One request to proxies that answer, are not there, break off, hang or say too much. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { MOST_ANSWER_BYTES, type RelayRequest } from '../../../functions/common/http/relayed.ts';
import { serviceGroup } from '../../../functions/common/cluster/names.ts';
import { relayRequest } from '../../../functions/relay-request/relay.ts';
import { aTask } from '../../fixtures/clusters.ts';
import { listen } from '../local/load-balancer/fake-emulator.ts';

const open: { close(done: () => void): unknown; closeAllConnections?(): void }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections?.();
    await new Promise<void>((resolve) => server.close(resolve));
  }
});

async function proxy(listener: RequestListener, host = '127.0.92.1', port = 0): Promise<number> {
  const server: Server = createServer(listener);
  open.push(server);
  return listen(server, port, host);
}

const request: RelayRequest = {
  cluster: 'demo',
  method: 'POST',
  target: '/v1/vector/search?a=%20',
  headers: [
    ['host', 'demo.example.com'],
    ['content-length', '999'],
    ['expect', '100-continue'],
    ['connection', 'x-hop'],
    ['x-hop', '1'],
    ['x-own', 'a'],
    ['x-own', 'b'],
  ],
  body: Buffer.from([0, 255]).toString('base64'),
  isBase64Encoded: true,
};
const proxyTask = (address: string, changes: object = {}) =>
  aTask({ taskId: address, group: serviceGroup('demo', 'proxy'), address, ...changes });
const relay = (port: number, addresses: readonly string[], changes: Partial<RelayRequest> = {}) =>
  relayRequest(
    {
      tasks: () => Promise.resolve(addresses.map((address) => proxyTask(address))),
      port,
      connectTimeoutMs: 500,
      timeoutMs: 1_500,
      draw: () => 0,
    },
    { ...request, ...changes },
  );

test('what Milvus gets and gives is what was sent and given, but for the headers of a connection', async () => {
  const port = await proxy((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method, url, rawHeaders } = incoming;
      response.writeHead(404, [
        'X-Seen',
        '1',
        'X-Seen',
        '2',
        'Connection',
        'close',
        'Content-Type',
        'application/json',
      ]);
      response.end(JSON.stringify({ method, url, rawHeaders, body: Buffer.concat(chunks).toString('base64') }));
    });
  });
  const result = await relay(port, ['127.0.92.1']);
  if (result.kind !== 'answer') throw new Error(result.kind);
  expect(result.status).toBe(404);
  expect(result.headers.slice(0, 3)).toEqual([
    ['X-Seen', '1'],
    ['X-Seen', '2'],
    ['Content-Type', 'application/json'],
  ]);
  expect(JSON.parse(Buffer.from(result.body, 'base64').toString())).toMatchObject({
    method: 'POST',
    url: '/v1/vector/search?a=%20',
    body: request.body,
    rawHeaders: ['host', 'demo.example.com', 'x-own', 'a', 'x-own', 'b', 'content-length', '2', 'Connection', 'close'],
  });
});

test('a proxy that is not there: the next one; none at all: unreachable', async () => {
  const port = await proxy((_incoming, response) => response.end('ok'), '127.0.92.2');
  expect((await relay(port, ['127.0.92.1', '127.0.92.2'])).kind).toBe('answer');
  expect(await relay(port, ['127.0.92.1'])).toMatchObject({
    kind: 'unreachable',
    reason: expect.stringContaining('ECONNREFUSED') as string,
  });
  expect(await relay(port, [])).toEqual({ kind: 'unreachable', reason: 'no proxy of it runs' });
});

test('one that breaks off, or hangs, after it was asked is not asked again, and nobody else is', async () => {
  let asked = 0;
  const cutting = await proxy((incoming) => {
    asked += 1;
    incoming.socket.destroy();
  });
  await proxy(() => (asked += 1), '127.0.92.2', cutting);
  expect((await relay(cutting, ['127.0.92.1', '127.0.92.2'])).kind).toBe('broken');
  expect(asked).toBe(1);
  const hanging = await proxy(() => undefined);
  expect(await relay(hanging, ['127.0.92.1'])).toEqual({
    kind: 'broken',
    reason: 'Milvus did not answer within 1.5 s',
  });
  const half = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'));
  });
  open.push(half);
  await new Promise<void>((resolve) => half.listen(0, '127.0.92.3', resolve));
  const { port } = half.address() as { port: number };
  expect((await relay(port, ['127.0.92.3'])).kind).toBe('broken');
});

test('more than a load balancer takes from a function', async () => {
  const port = await proxy((_incoming, response) => response.end(Buffer.alloc(MOST_ANSWER_BYTES + 1)));
  expect(await relay(port, ['127.0.92.1'])).toEqual({ kind: 'too-large' });
});

test('no body is no body', async () => {
  const port = await proxy((incoming, response) => response.end(incoming.rawHeaders.join()));
  const result = await relay(port, ['127.0.92.1'], { method: 'GET', body: '', isBase64Encoded: false });
  if (result.kind !== 'answer') throw new Error(result.kind);
  expect(Buffer.from(result.body, 'base64').toString()).not.toMatch(/content-length|transfer-encoding/i);
});

test('only proxies that serve are asked', async () => {
  const port = await proxy((_incoming, response) => response.end('ok'));
  const result = await relayRequest(
    {
      tasks: () =>
        Promise.resolve([
          proxyTask('127.0.92.1', { desiredStatus: 'STOPPED' }),
          proxyTask('127.0.92.1', { group: serviceGroup('demo', 'querynode') }),
          proxyTask('127.0.92.1', { group: serviceGroup('other', 'proxy') }),
        ]),
      port,
      connectTimeoutMs: 500,
      timeoutMs: 1_000,
      draw: () => 0.99,
    },
    request,
  );
  expect(result.kind).toBe('unreachable');
});
