import { once } from 'node:events';
import { connect } from 'node:http2';
import grpc from '@grpc/grpc-js';
import { fixed, forwardTo, stateOf } from './elbv2-state.ts';
import { setUp, certificate, sumOf, type Setup } from './fixture.ts';
import { MESSAGE_LIMIT, bytes, grpcTarget, type GrpcTarget } from './grpc-target.ts';

const { status } = grpc;
let target: GrpcTarget;
let setup: Setup;
let client: grpc.Client;

const group = (fields: object = {}) => ({
  name: 'grpc',
  ProtocolVersion: 'GRPC',
  HealthCheckPath: '/grpc.health.v1.Health/Check',
  Matcher: { GrpcCode: '0' },
  targets: [{ Id: '127.0.0.1', Port: target.port }],
  ...fields,
});

beforeEach(async () => {
  target = await grpcTarget();
  setup = await setUp(stateOf({ groups: [group()], action: forwardTo('grpc') }));
  client = new grpc.Client(`localhost:${setup.https()}`, grpc.credentials.createSsl(Buffer.from(certificate.cert)), {
    ...MESSAGE_LIMIT,
    'grpc.ssl_target_name_override': 'localhost',
  });
});

afterEach(async () => {
  client.close();
  await setup.stop();
  target.kill();
});

interface Outcome {
  readonly error: grpc.ServiceError | null;
  readonly value: Buffer | undefined;
  readonly metadata: grpc.Metadata;
  readonly trailers: grpc.Metadata;
}

function unary(message: Buffer | string, options: grpc.CallOptions = {}, sent = new grpc.Metadata()): Promise<Outcome> {
  return new Promise((resolve) => {
    let metadata = new grpc.Metadata();
    let end: { error: grpc.ServiceError | null; value: Buffer | undefined } | undefined;
    const call = client.makeUnaryRequest(
      '/test.Echo/Unary',
      bytes.serialize,
      bytes.deserialize,
      Buffer.from(message),
      sent,
      options,
      (error, value) => {
        end = { error, value };
      },
    );
    call.on('metadata', (received) => {
      metadata = received;
    });
    call.on('status', ({ metadata: received }) => {
      // The callback comes right after the status, in the same turn or the next.
      setImmediate(() => {
        resolve({ error: end?.error ?? null, value: end?.value, metadata, trailers: received });
      });
    });
  });
}

test('a unary call with its metadata both ways', async () => {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', 'token');
  metadata.set('x-blob-bin', Buffer.from([1, 2, 255]));
  const outcome = await unary('hello', {}, metadata);
  expect(outcome.error).toBeNull();
  expect(outcome.value?.toString()).toBe('hello');
  expect(outcome.metadata.get('x-first')).toEqual(['header']);
  expect(outcome.trailers.get('x-trailer')).toEqual(['there']);
  expect(outcome.trailers.get('x-trailer-bin')).toEqual([Buffer.from([0, 255])]);
  expect(target.seen.metadata?.get('authorization')).toEqual(['token']);
  expect(target.seen.metadata?.get('x-blob-bin')).toEqual([Buffer.from([1, 2, 255])]);
  expect(target.seen.metadata?.get('x-forwarded-proto')).toEqual(['https']);
  expect(target.seen.metadata?.get('x-forwarded-port')).toEqual(['443']);
  expect(target.seen.metadata?.get('x-forwarded-for')).toEqual(['127.0.0.1']);
  expect(target.seen.metadata?.get('x-amzn-trace-id')[0]).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
});

test('an error status with its trailers', async () => {
  const { error } = await unary('fail');
  expect(error).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'not loaded' });
  expect(error?.metadata.get('x-trailer')).toEqual(['there']);
});

test('an unknown method (an answer of trailers only)', async () => {
  const error = await new Promise<grpc.ServiceError | null>((resolve) => {
    client.makeUnaryRequest('/test.Echo/None', bytes.serialize, bytes.deserialize, Buffer.alloc(1), resolve);
  });
  expect(error?.code).toBe(status.UNIMPLEMENTED);
});

test('server streaming', async () => {
  const call = client.makeServerStreamRequest('/test.Echo/Down', bytes.serialize, bytes.deserialize, Buffer.from('n'));
  const received: string[] = [];
  call.on('data', (message: Buffer) => received.push(message.toString()));
  const [ended] = (await once(call, 'status')) as [grpc.StatusObject];
  expect(ended.code).toBe(status.OK);
  expect(ended.metadata.get('x-trailer')).toEqual(['there']);
  expect(received).toEqual(Array.from({ length: 100 }, (_, index) => `n ${index}`));
});

test('client streaming', async () => {
  const value = await new Promise<string>((resolve, reject) => {
    const call = client.makeClientStreamRequest(
      '/test.Echo/Up',
      bytes.serialize,
      bytes.deserialize,
      (error, answer) => {
        if (error) reject(error);
        else resolve(answer?.toString() ?? '');
      },
    );
    for (let index = 0; index < 200; index += 1) call.write(Buffer.alloc(1_000));
    call.end();
  });
  expect(value).toBe('200');
});

test('both ways at once, each message answered before the next is sent', async () => {
  const call = client.makeBidiStreamRequest('/test.Echo/Both', bytes.serialize, bytes.deserialize);
  for (let index = 0; index < 20; index += 1) {
    const answer = once(call, 'data');
    call.write(Buffer.from(String(index)));
    expect(((await answer)[0] as Buffer).toString()).toBe(String(index));
  }
  const ended = once(call, 'status');
  call.end();
  expect(((await ended)[0] as grpc.StatusObject).code).toBe(status.OK);
});

test('a message of 10 MB', async () => {
  const message = Buffer.alloc(10 * 1024 * 1024, 'redkite');
  const outcome = await unary(message);
  expect(outcome.error).toBeNull();
  expect(outcome.value?.equals(message)).toBe(true);
});

test('a deadline ends the call on both sides', async () => {
  const { error } = await unary('hang', { deadline: Date.now() + 300 });
  expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
  expect(Number(target.seen.deadline)).toBeLessThan(Date.now() + 300);
  await target.seen.cancelled.told;
});

test('a cancellation reaches the target', async () => {
  const call = client.makeBidiStreamRequest('/test.Echo/Both', bytes.serialize, bytes.deserialize);
  call.on('error', () => undefined);
  call.write(Buffer.from('x'));
  await once(call, 'data');
  call.cancel();
  await target.seen.cancelled.told;
});

test('a hundred calls at once share one session to the target', async () => {
  const outcomes = await Promise.all(Array.from({ length: 100 }, (_, index) => unary(`${index}`)));
  expect(outcomes.map(({ value }) => value?.toString())).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
});

test('a target that is gone: UNAVAILABLE; back again: served', async () => {
  target.kill();
  expect((await unary('x')).error?.code).toBe(status.UNAVAILABLE);
  target = await grpcTarget(target.port);
  expect((await unary('again')).value?.toString()).toBe('again');
});

test('a target killed in the middle of a stream ends the client’s stream', async () => {
  const call = client.makeBidiStreamRequest('/test.Echo/Both', bytes.serialize, bytes.deserialize);
  call.write(Buffer.from('x'));
  await once(call, 'data');
  const failed = once(call, 'error');
  target.kill();
  expect(((await failed)[0] as grpc.ServiceError).code).not.toBe(status.OK);
});

/** Until what is asked holds; the state travels by long poll, and no event tells the client's side of it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 4_000;
  while (!(await holds())) if (Date.now() > deadline) throw new Error('It did not happen within 4 s.');
}

test('no target: 503, which is UNAVAILABLE', async () => {
  setup.emulator.set(stateOf({ groups: [group({ targets: [] })], action: forwardTo('grpc') }));
  await until(async () => (await unary('x')).error?.code === status.UNAVAILABLE);
});

test('a fixed response is a plain HTTP answer', async () => {
  setup.emulator.set(stateOf({ action: fixed(503, 'asleep') }));
  await until(async () => (await unary('x')).error?.code === status.UNAVAILABLE);
  expect((await unary('x')).error?.details).toContain('503');
});

test('a group of HTTP/1.1 does not take gRPC, and a gRPC group nothing but POST: 464', async () => {
  const session = connect(`https://127.0.0.1:${setup.https()}`, { rejectUnauthorized: false });
  const stream = session.request({ ':path': '/test.Echo/Unary' });
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  expect(headers[':status']).toBe(464);
  session.destroy();
});

test('the target’s health is its answer to a gRPC call', async () => {
  await setup.emulator.reported('grpc', '127.0.0.1', 'healthy');
  setup.emulator.set(
    stateOf({
      groups: [group({ HealthCheckPath: '/AWS.ALB/healthcheck', Matcher: { GrpcCode: '0-5' } })],
      action: forwardTo('grpc'),
    }),
  );
  const unhealthy = await setup.emulator.reported('grpc', '127.0.0.1', 'unhealthy');
  expect(unhealthy).toMatchObject({
    reason: 'Target.ResponseCodeMismatch',
    description: 'Health checks failed with these codes: [12]',
  });
  setup.emulator.set(
    stateOf({
      groups: [group({ HealthCheckPath: '/AWS.ALB/healthcheck', Matcher: { GrpcCode: '12' } })],
      action: forwardTo('grpc'),
    }),
  );
  await setup.emulator.reported('grpc', '127.0.0.1', 'healthy');
});

test('a target that resets: 502', async () => {
  const session = connect(`https://127.0.0.1:${setup.https()}`, { rejectUnauthorized: false });
  await setup.emulator.reported('grpc', '127.0.0.1', 'healthy');
  target.kill();
  const stream = session.request({ ':method': 'POST', ':path': '/x', 'content-type': 'application/grpc' });
  stream.end();
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  expect(headers[':status']).toBe(502);
  session.destroy();
});

test('requests are counted', async () => {
  await unary('x');
  await unary('fail');
  client.close();
  await setup.balancer.stop();
  expect(sumOf(setup.metrics, 'RequestCount')).toBe(2);
  expect(sumOf(setup.metrics, 'RequestCount', true)).toBe(2);
  expect(sumOf(setup.metrics, 'GrpcRequestCount')).toBe(2);
  expect(sumOf(setup.metrics, 'HTTPCode_Target_2XX_Count', true)).toBe(2);
});
