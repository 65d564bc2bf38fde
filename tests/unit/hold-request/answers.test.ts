import fc from 'fast-check';
import { lambdaAnswer } from '../../../local/load-balancer/forward/lambda-event.ts';
import { badRequest, itself, refusal, relayed, type EntryAnswer } from '../../../functions/hold-request/answers.ts';
import { escapeHtml, progressOf, SCRIPT_HASH, waitingPage } from '../../../functions/hold-request/page.ts';
import { page } from '../../../functions/hold-request/answers.ts';
import { PHASES } from '../../../functions/common/cluster/phases.ts';
import { MOST_ANSWER_BYTES, endToEnd } from '../../../functions/common/http/relayed.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

/** What the load balancer makes of it: undefined is a 502. */
const seen = (answer: EntryAnswer) => lambdaAnswer(Buffer.from(JSON.stringify(answer)), true);

test('gRPC: HTTP says unavailable, gRPC says why, and there is no body', () => {
  expect(refusal('grpc', 'still-waking', 'cluster demo is waking, 100 % sure – really')).toEqual({
    statusCode: 503,
    multiValueHeaders: {
      'cache-control': ['no-store'],
      'retry-after': ['5'],
      'content-type': ['application/grpc'],
      'grpc-status': ['14'],
      'grpc-message': ['Cluster demo is waking, 100 %25 sure %E2%80%93 really.'],
    },
    body: '',
    isBase64Encoded: false,
  });
});

test('REST: a problem with a code, and when to come again', () => {
  const answer = refusal('rest', 'cluster-failed', 'cluster demo has failed');
  expect(answer).toMatchObject({
    statusCode: 503,
    multiValueHeaders: { 'retry-after': ['60'], 'content-type': ['application/problem+json'] },
  });
  expect(JSON.parse(answer.body)).toEqual({
    type: 'urn:redkite:problem:cluster-failed',
    title: 'Service Unavailable',
    status: 503,
    code: 'cluster-failed',
    detail: 'Cluster demo has failed.',
  });
});

test('an unknown host gets the text that it always got', () => {
  expect(refusal('rest', 'unknown-host', '')).toMatchObject({
    statusCode: 404,
    multiValueHeaders: { 'content-type': ['text/plain'] },
    body: 'No Milvus cluster has this host name. Use <cluster>.<your domain>, or give the cluster this host name when you create it.',
  });
  expect(refusal('grpc', 'unknown-host', '')).toMatchObject({ statusCode: 404, body: '' });
});

test('whatever the reason, the load balancer takes the answer', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('grpc', 'rest', 'progress'), (reason, kind) => {
      expect(seen(refusal(kind, 'cluster-failed', reason))?.status).toBe(503);
      expect(seen(badRequest(reason))?.status).toBe(400);
    }),
  );
});

describe('relayed', () => {
  const answer = (body: Buffer, headers: [string, string][] = []) =>
    ({ kind: 'answer', status: 200, headers, body: body.toString('base64') }) as const;

  test('body, status and headers as they were', () => {
    const bytes = Buffer.from([0, 255, 1]);
    const result = seen(
      relayed(
        {
          ...answer(bytes, [
            ['X-A', '1'],
            ['x-a', '2'],
          ]),
          status: 418,
        },
        '/',
      ),
    );
    expect(result).toEqual({ status: 418, headers: ['x-a', '1', 'x-a', '2'], body: bytes });
  });

  test('any bytes come through, as text or not', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(seen(relayed(answer(Buffer.from(bytes)), '/'))?.body).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });

  test('what a load balancer would not take is fetched by the client itself', () => {
    const json = (rows: number) => Buffer.from(JSON.stringify(Array.from({ length: rows }, (_, id) => ({ id }))));
    // 0.8 MB of JSON: in base64 above the limit, as text below it.
    const fits = json(62_000);
    expect(fits.length).toBeGreaterThan(MOST_ANSWER_BYTES * 0.75);
    expect(seen(relayed(answer(fits), '/v1/x'))?.body).toEqual(fits);
    for (const result of [relayed(answer(json(80_000)), '/v1/x?a=b'), relayed({ kind: 'too-large' }, '/v1/x?a=b')]) {
      expect(result).toMatchObject({ statusCode: 307, multiValueHeaders: { location: ['/v1/x?a=b'] } });
    }
  });

  test.each(['/v1/x?a=b', '//other.example.com/v1/x', '/\\other.example.com/v1/x', '/.//x'])(
    'whoever sends %j is sent on to the same host and path',
    (target) => {
      const [location = ''] = itself(target).multiValueHeaders['location'] ?? [];
      const at = new URL(location, 'https://demo.example.com');
      expect(at.host).toBe('demo.example.com');
      expect(at.pathname + at.search).toBe(target.replaceAll('\\', '/').replace('/./', '/'));
    },
  );

  test('headers of the connection stay behind', () => {
    expect(
      endToEnd([
        ['Connection', 'keep-alive, X-Own'],
        ['x-own', '1'],
        ['Transfer-Encoding', 'chunked'],
        ['Authorization', 'Bearer root:Milvus'],
      ]),
    ).toEqual([['Authorization', 'Bearer root:Milvus']]);
  });
});

describe('the waiting page', () => {
  const now = NOW.getTime() + 12_345;

  test.each(PHASES)('%s: has words, and goes on by itself only where there is something to wait for', (phase) => {
    const html = waitingPage(aRecord({ phase }), now);
    const { moving, title, seconds } = progressOf(aRecord({ phase }), now);
    expect(seconds).toBe(phase === 'asleep' ? 0 : 12);
    expect(html).toContain(title);
    expect(html.includes('http-equiv="refresh"')).toBe(moving);
    expect(moving).toBe(phase !== 'failed' && phase !== 'deleting');
  });

  test('its policy allows its own script and nothing else', () => {
    const policy = page('', SCRIPT_HASH).multiValueHeaders['content-security-policy']?.[0];
    expect(policy).toContain(`script-src '${SCRIPT_HASH}'`);
    expect(policy).toContain("default-src 'none'");
  });

  test('nothing gets in unescaped, though a name that is none never gets this far', () => {
    expect(waitingPage(aRecord({ name: '<script>"\'&' }), now)).not.toContain('<script>"');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']/);
      }),
    );
  });
});
