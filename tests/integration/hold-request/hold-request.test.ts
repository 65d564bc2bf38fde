/** Requests of every kind on a sleeping cluster, by real clients over the load balancer. */
import { once } from 'node:events';
import { connect } from 'node:http2';
import grpc from '@grpc/grpc-js';
import { UNKNOWN_HOST } from '../../../functions/hold-request/answers.ts';
import { getCluster } from '../../../functions/common/registry/registry.ts';
import { forwardTo } from '../local/load-balancer/elbv2-state.ts';
import { certificate, get, type Answer, type Setup } from '../local/load-balancer/fixture.ts';
import { MESSAGE_LIMIT, bytes, grpcTarget } from '../local/load-balancer/grpc-target.ts';
import { HoldRig, PROXY_ADDRESS, restProxy } from './rig.ts';

/** They share one process here; in Lambda each has its own. Four times as many as the relay may run at a time. */
const MANY = 20;
const SEARCH = '/v1/vector/search';
const BROWSER = 'text/html,application/xhtml+xml,*/*;q=0.8';
let rig: HoldRig;
let entry: Setup;

beforeAll(async () => {
  rig = await HoldRig.start();
});
afterAll(() => rig.stop());
beforeEach(async () => {
  entry = await rig.serve();
});
afterEach(async () => {
  await entry.stop();
  for (const proxy of proxies.splice(0)) await proxy.stop();
});
const proxies: { stop(): Promise<void> }[] = [];
const runProxy = async (...listener: Parameters<typeof restProxy>) => {
  proxies.push(await restProxy(...listener));
};

const hostOf = (cluster: string) => ({ host: `${cluster}.example.com` });
const post = (cluster: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
  get(entry.http(), SEARCH, {
    method: 'POST',
    headers: { ...hostOf(cluster), 'content-type': 'application/json', ...headers },
    body,
  });

describe('REST', () => {
  test('many at once on a sleeping cluster: one wake, every one answered by Milvus, unchanged', async () => {
    await rig.put({ name: 'rest', phase: 'asleep' });
    const seen = new Set<string>();
    await runProxy((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        seen.add(`${request.method} ${request.url} ${request.headers.host} ${request.headers.authorization} ${body}`);
        response.writeHead(418, ['X-Own', '1', 'X-Own', '2', 'Content-Type', 'application/octet-stream']);
        response.end(Buffer.concat([Buffer.from([0, 255]), Buffer.from(body)]));
      });
    });
    const asked = Array.from({ length: MANY }, (_, index) =>
      post('rest', `{"q":${index}}`, { authorization: 'Bearer x' }),
    );
    await rig.wakeBegan('rest', 'rest-wake-5');
    await rig.put({ name: 'rest', phase: 'waking', generation: 5 });
    await rig.runProxy('rest', PROXY_ADDRESS);
    await rig.put({ name: 'rest', phase: 'awake', generation: 5 });
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 418));
    expect(answers[7]?.headers).toMatchObject({ 'x-own': '1, 2', 'content-type': 'application/octet-stream' });
    expect(answers[7]?.body).toContain('{"q":7}');
    expect(seen.size).toBe(MANY);
    expect([...seen][0]).toMatch(/^POST \/v1\/vector\/search rest\.example\.com Bearer x \{"q":\d+\}$/);
    expect(await rig.wakes('rest')).toEqual(['rest-wake-5']);
  });

  test('HTTP/2 too, and a query that travels as it was sent', async () => {
    await rig.put({ name: 'two', phase: 'awake' });
    await rig.runProxy('two', PROXY_ADDRESS);
    await runProxy((request, response) => response.end(request.url));
    const session = connect(`https://127.0.0.1:${entry.https()}`, { rejectUnauthorized: false });
    const stream = session.request({ ':path': '/v1/x?a=%201&a=2&b', ':authority': 'two.example.com' });
    let body = '';
    stream.on('data', (chunk: Buffer) => (body += chunk.toString()));
    await once(stream, 'end');
    session.destroy();
    expect(body).toBe('/v1/x?a=%201&a=2&b=');
  });

  test('past the limit: 503 with Retry-After and a problem', async () => {
    await rig.put({ name: 'slow', phase: 'waking' });
    const answer = await post('slow', '{}');
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'still-waking', detail: 'Cluster slow is waking.' });
  });

  test('an answer above what a function may give sends the client to the open rule', async () => {
    await rig.put({ name: 'large', phase: 'awake' });
    await rig.runProxy('large', PROXY_ADDRESS);
    await runProxy((_request, response) => response.end(Buffer.alloc(2 * 1024 * 1024, 1)));
    const answer = await get(entry.http(), `${SEARCH}?a=b`, { method: 'POST', headers: hostOf('large'), body: '{}' });
    expect(answer).toMatchObject({ status: 307, headers: { location: `${SEARCH}?a=b` } });
  });

  test('a request above 1 MB never reaches the function: 413 from the load balancer', async () => {
    await rig.put({ name: 'big', phase: 'asleep' });
    expect((await post('big', 'x'.repeat(1024 * 1024 + 1))).status).toBe(413);
    expect(await rig.wakes('big')).toEqual([]);
  });
});

describe('gRPC', () => {
  const clientOf = (cluster: string) =>
    new grpc.Client(`localhost:${entry.https()}`, grpc.credentials.createSsl(Buffer.from(certificate.cert)), {
      ...MESSAGE_LIMIT,
      'grpc.default_authority': `${cluster}.example.com`,
      'grpc.ssl_target_name_override': 'localhost',
    });
  const call = (client: grpc.Client, path: string, seconds?: number, message = Buffer.from('ping')) =>
    new Promise<{ error: grpc.ServiceError | null; value: Buffer | undefined }>((resolve) => {
      const options = seconds === undefined ? {} : { deadline: Date.now() + seconds * 1_000 };
      client.makeUnaryRequest(path, bytes.serialize, bytes.deserialize, message, options, (error, value) => {
        resolve({ error, value });
      });
    });
  const search = '/milvus.proto.milvus.MilvusService/Search';

  test('held until the cluster is awake, then told to try again, and the next try meets the open rule', async () => {
    await rig.put({ name: 'held', phase: 'asleep' });
    const client = clientOf('held');
    const first = call(client, search, 15);
    await rig.wakeBegan('held', 'held-wake-5');
    const target = await grpcTarget();
    const groups = [
      {
        name: 'milvus',
        ProtocolVersion: 'GRPC',
        HealthCheckPath: '/grpc.health.v1.Health/Check',
        Matcher: { GrpcCode: '0' },
        targets: [{ Id: '127.0.0.1', Port: target.port }],
      },
    ];
    const rules = [
      {
        Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['held.*'] } }],
        Actions: [forwardTo('milvus')],
      },
    ];
    entry.emulator.set(rig.state({ groups, rules }));
    await entry.emulator.reported('milvus', '127.0.0.1', 'healthy');
    await rig.put({ name: 'held', phase: 'awake', generation: 5 });
    const { error } = await first;
    expect(error).toMatchObject({
      code: grpc.status.UNAVAILABLE,
      details: 'Cluster held is awake, the same call works now.',
    });
    expect((await call(client, '/test.Echo/Unary', 5)).value?.toString()).toBe('ping');
    client.close();
    target.kill();
  });

  test('refused before its own deadline, so that the client may retry', async () => {
    await rig.put({ name: 'short', phase: 'waking' });
    const client = clientOf('short');
    const { error } = await call(client, search, 4);
    client.close();
    // Not DEADLINE_EXCEEDED, after which no SDK retries.
    expect(error).toMatchObject({ code: grpc.status.UNAVAILABLE, details: 'Cluster short is waking.' });
  });

  test.each([
    ['the heartbeat of a client', '/milvus.proto.milvus.ClientTelemetryService/ClientHeartbeat'],
    ['a health check', '/grpc.health.v1.Health/Check'],
    ['a question for the version', '/milvus.proto.milvus.MilvusService/GetVersion'],
  ])('%s wakes nobody, and is answered at once', async (_what, path) => {
    await rig.put({ name: 'quiet', phase: 'asleep' });
    const client = clientOf('quiet');
    expect((await call(client, path, 15)).error?.code).toBe(grpc.status.UNAVAILABLE);
    client.close();
    expect(await rig.wakes('quiet')).toEqual([]);
  });

  test('an unknown host', async () => {
    const client = clientOf('nobody');
    const { error } = await call(client, search, 15);
    client.close();
    expect(error).toMatchObject({ code: grpc.status.NOT_FOUND, details: UNKNOWN_HOST });
  });

  test('more than 1 MB as the first request: the load balancer’s 413 is UNKNOWN, and nobody wakes', async () => {
    await rig.put({ name: 'bulk', phase: 'asleep' });
    const client = clientOf('bulk');
    const { error } = await call(
      client,
      '/milvus.proto.milvus.MilvusService/Insert',
      15,
      Buffer.alloc(2 * 1024 * 1024),
    );
    client.close();
    expect(error?.code).toBe(grpc.status.UNKNOWN);
    expect(await rig.wakes('bulk')).toEqual([]);
  });
});

describe('browsers, checks and strangers', () => {
  test('a browser wakes the cluster and gets a page, which asks on without waking anybody', async () => {
    await rig.put({ name: 'page', phase: 'asleep' });
    const answer = await get(entry.http(), '/', { headers: { ...hostOf('page'), accept: BROWSER } });
    expect(answer).toMatchObject({ status: 503, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(answer.body).toContain('is waking up');
    expect(await rig.wakes('page')).toEqual(['page-wake-5']);
    await rig.put({ name: 'page', phase: 'waking', generation: 5 });
    const progress = await get(entry.http(), '/', { headers: { ...hostOf('page'), 'x-redkite-progress': '1' } });
    expect(JSON.parse(progress.body)).toMatchObject({ phase: 'waking', moving: true });
  });

  test('a health checker wakes nobody', async () => {
    await rig.put({ name: 'probed', phase: 'asleep' });
    const headers = { ...hostOf('probed'), 'user-agent': 'kube-probe/1.31' };
    const answer = await get(entry.http(), '/healthz', { headers });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '60' } });
    expect(JSON.parse(answer.body)).toMatchObject({ detail: 'Health checkers and scanners wake nobody.' });
    expect(await rig.wakes('probed')).toEqual([]);
  });

  test('a host that is nobody’s gets the text that it always got', async () => {
    const answer = await get(entry.http(), '/', { headers: { host: 'nobody.example.com' } });
    expect(answer).toMatchObject({ status: 404, headers: { 'content-type': 'text/plain' }, body: UNKNOWN_HOST });
  });

  test('a forged event is refused', async () => {
    const elb = { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-central-1:000000000000:targetgroup/other/1' };
    const event = { requestContext: { elb }, httpMethod: 'GET', path: '/', multiValueHeaders: {} };
    expect(await rig.handler?.(event, {})).toMatchObject({ statusCode: 400 });
    expect(await rig.handler?.(undefined, {})).toMatchObject({ statusCode: 400 });
  });
});

describe('the edges of a sleep', () => {
  test('a request while it falls asleep leaves one note, with the reason', async () => {
    await rig.put({ name: 'edge', phase: 'falling-asleep' });
    const asked = [post('edge', '1'), post('edge', '2')];
    for (;;) {
      const { wakeWanted } = (await getCluster(rig.registry, 'edge')) ?? {};
      if (wakeWanted !== undefined) {
        expect(wakeWanted.reason).toBe('a request came while it fell asleep: a request of the REST API');
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await rig.put({ name: 'edge', phase: 'asleep' });
    await rig.wakeBegan('edge', 'edge-wake-5');
    await rig.put({ name: 'edge', phase: 'failed', generation: 5 });
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([503, 503]);
  });

  test('a wake that ended before it began does not stand in the way of the next', async () => {
    await rig.put({ name: 'stuck', phase: 'asleep' });
    const asked = post('stuck', '{}');
    await rig.wakeBegan('stuck', 'stuck-wake-5');
    // The execution of the rig ends after a second without having done anything. A new request finds its name taken.
    await rig.executionEnded('stuck-wake-5');
    const again = post('stuck', '{}');
    await rig.wakeBegan('stuck', 'stuck-wake-6');
    await rig.put({ name: 'stuck', phase: 'failed', generation: 6 });
    expect((await Promise.all([asked, again])).map(({ status }) => status)).toEqual([503, 503]);
  });
});
