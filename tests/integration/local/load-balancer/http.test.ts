import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixture, get, signal, sumOf } from './fixture.ts';

const { behind, target } = fixture();

const echo = (request: IncomingMessage, response: ServerResponse) => {
  response.writeHead(201, [
    ['Set-Cookie', 'a=1'],
    ['Set-Cookie', 'b=2'],
    ['X-Url', request.url ?? ''],
    ['X-Seen', JSON.stringify(request.headers)],
    ['X-Raw', JSON.stringify(request.rawHeaders)],
    ['X-Method', request.method ?? ''],
    ['X-Version', request.httpVersion],
  ]);
  request.pipe(response);
};

describe('what the target and the client see', () => {
  test('an HTTP/1.1 request, with the headers that the ALB adds', async () => {
    const { http } = await behind([await target(echo)]);
    const answer = await get(http(), '/a%20b?x=1&y', {
      method: 'PUT',
      headers: {
        Host: 'demo.example',
        'X-Forwarded-For': '192.0.2.1',
        'X-Forwarded-Proto': 'gopher',
        'X-Mixed-Case': 'v',
      },
      body: 'content',
    });
    expect(answer).toMatchObject({ status: 201, body: 'content' });
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(answer.headers['x-url']).toBe('/a%20b?x=1&y');
    expect(answer.headers['x-method']).toBe('PUT');
    const seen = JSON.parse(String(answer.headers['x-seen'])) as Record<string, string>;
    expect(seen).toMatchObject({
      host: 'demo.example',
      'x-forwarded-for': '192.0.2.1, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': '80',
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/) as string,
      'content-length': '7',
    });
    expect(answer.headers['x-raw']).toContain('X-Mixed-Case');
  });

  test('HTTP/1.1 over TLS', async () => {
    const { https } = await behind([await target(echo)]);
    const answer = await get(https(), '/', { tls: true });
    expect(answer.status).toBe(201);
    expect(JSON.parse(String(answer.headers['x-seen']))).toMatchObject({
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
    });
  });

  test('an HTTP/2 client of an HTTP/1.1 target', async () => {
    const { https } = await behind([await target(echo)]);
    const session = connectHttp2(`https://127.0.0.1:${https()}`, { rejectUnauthorized: false });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/p',
      ':authority': 'demo.example',
      cookie: ['a=1', 'b=2'],
    });
    stream.end('over h2');
    const [headers] = (await once(stream, 'response')) as [Record<string, string>];
    let body = '';
    stream.on('data', (chunk: Buffer) => (body += chunk.toString()));
    await once(stream, 'end');
    expect(headers[':status']).toBe(201);
    expect(headers['x-version']).toBe('1.1');
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(body).toBe('over h2');
    expect(JSON.parse(headers['x-seen'] ?? '')).toMatchObject({ host: 'demo.example', cookie: 'a=1; b=2' });
    session.close();
  });

  test('answers without a body: HEAD, 204, 304', async () => {
    const { http, https } = await behind([
      await target((request, response) => {
        response.writeHead(Number(request.url?.slice(1)), { ETag: 'x' });
        response.end();
      }),
    ]);
    expect((await get(http(), '/200', { method: 'HEAD' })).status).toBe(200);
    expect(await get(http(), '/204')).toMatchObject({ status: 204, body: '' });
    expect(await get(http(), '/304')).toMatchObject({ status: 304, body: '' });
    const session = connectHttp2(`https://127.0.0.1:${https()}`, { rejectUnauthorized: false });
    for (const code of [204, 304]) {
      const stream = session.request({ ':path': `/${code}` });
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      expect(headers[':status']).toBe(code);
      stream.resume();
      await once(stream, 'end');
    }
    session.close();
  });

  test('the HTTP listener speaks no HTTP/2', async () => {
    const { http } = await behind([await target(echo)]);
    const session = connectHttp2(`http://127.0.0.1:${http()}`);
    await once(session, 'error');
  });

  test('one client connection carries many requests, one target connection too', async () => {
    const ports = new Set<number | undefined>();
    const made = await target((request, response) => {
      ports.add(request.socket.remotePort);
      response.end();
    });
    const { http } = await behind([made]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    for (let count = 0; count < 20; count += 1) {
      await new Promise<void>((resolve, reject) => {
        const request = httpRequest({ port: http(), host: '127.0.0.1', agent }, (response) => {
          sockets.add(response.socket);
          response.resume();
          response.on('end', resolve);
        });
        request.on('error', reject);
        request.end();
      });
    }
    expect(sockets.size).toBe(1);
    expect(ports.size).toBe(1);
    agent.destroy();
  });

  test('garbage gets 400', async () => {
    const { http } = await behind([await target(echo)]);
    const socket = connect(http(), '127.0.0.1');
    socket.write('no http at all\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 400 /);
    socket.destroy();
  });
});

describe('large bodies', () => {
  test('are streamed: the answer begins before the request has ended, and nothing is held back', async () => {
    const { http } = await behind([await target(echo)]);
    const request = httpRequest({ host: '127.0.0.1', port: http(), method: 'POST' });
    request.write('first');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(String((await once(response, 'data'))[0])).toBe('first');
    request.end('last');
    expect(String((await once(response, 'data'))[0])).toBe('last');
  });

  test('a client that does not read stops the target: memory stays bounded', async () => {
    const size = 256 * 1024 * 1024;
    const block = Buffer.alloc(1024 * 1024);
    let written = 0;
    const made = await target((_request, response) => {
      const write = () => {
        while (written < size) {
          written += block.length;
          if (!response.write(block)) {
            response.once('drain', write);
            return;
          }
        }
        response.end();
      };
      write();
    });
    const { http } = await behind([made]);
    const request = httpRequest({ host: '127.0.0.1', port: http() });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.pause();
    // Until the target is stopped by back pressure: the kernel's buffers, not ours, are what can be full.
    let before = -1;
    while (before !== written) {
      before = written;
      await sleep(200);
    }
    expect(written).toBeLessThan(32 * 1024 * 1024);
    let received = 0;
    response.on('data', (chunk: Buffer) => (received += chunk.length));
    response.resume();
    await once(response, 'end');
    expect(received).toBe(size);
  });
});

describe('when something is wrong', () => {
  test('no target: 503 with the ALB’s page', async () => {
    const { http } = await behind([]);
    const answer = await get(http());
    expect(answer.status).toBe(503);
    expect(answer.headers).toMatchObject({ server: 'awselb/2.0', 'content-type': 'text/html' });
    expect(answer.body).toContain('<h1>503 Service Temporarily Unavailable</h1>');
  });

  test('a refused connection: 502, counted', async () => {
    // A port that was free a moment ago may be another's by now; nobody is given this one.
    const { http, balancer, metrics } = await behind([{ Id: '127.0.0.1', Port: 1 }]);
    expect((await get(http())).status).toBe(502);
    await balancer.stop();
    expect(sumOf(metrics, 'HTTPCode_ELB_502_Count')).toBe(1);
    expect(sumOf(metrics, 'HTTPCode_ELB_5XX_Count')).toBe(1);
    expect(sumOf(metrics, 'TargetConnectionErrorCount', true)).toBe(1);
    expect(sumOf(metrics, 'RequestCount')).toBe(1);
  });

  test('a target that closes without an answer: 502', async () => {
    const { http } = await behind([
      await target((request) => {
        request.socket.destroy();
      }),
    ]);
    expect((await get(http())).status).toBe(502);
  });

  test('a target that is silent for the idle timeout: 504', async () => {
    const { http } = await behind([await target(() => undefined)], {}, { idleTimeoutSeconds: 0.3 });
    expect((await get(http())).status).toBe(504);
  });

  test('a target that dies in the middle of its answer: the client’s answer breaks off', async () => {
    const { http } = await behind([
      await target((_request, response) => {
        response.write('half', () => {
          response.socket?.destroy();
        });
      }),
    ]);
    await expect(get(http())).rejects.toThrow();
  });

  test('a client that leaves: the target’s request ends', async () => {
    const left = signal();
    const arrived = signal();
    const { http } = await behind([
      await target((_request, response) => {
        response.on('close', left.tell);
        arrived.tell();
      }),
    ]);
    const request = httpRequest({ host: '127.0.0.1', port: http() });
    request.on('error', () => undefined);
    request.end();
    await arrived.told;
    request.destroy();
    await left.told;
  });

  test('HTTP/1.1 to a group that speaks HTTP/2: 464', async () => {
    const { http } = await behind([await target(echo)], { ProtocolVersion: 'HTTP2' });
    expect((await get(http())).status).toBe(464);
  });
});
