import fc from 'fast-check';
import { classify, filtersOf, patternList } from '../../../functions/hold-request/classify.ts';
import { IGNORED_AGENTS, IGNORED_PATHS, USED_PATHS } from '../../../functions/hold-request/known.ts';

const filters = filtersOf({ agents: IGNORED_AGENTS, paths: IGNORED_PATHS, usedPaths: USED_PATHS });
const of = (method: string, path: string, headers: Record<string, string> = {}) =>
  classify({ method, path, target: path, headers: Object.entries(headers), body: '', isBase64Encoded: false }, filters);

const grpc = { 'content-type': 'application/grpc+proto', 'user-agent': 'grpc-node-js/1.14.7' };
const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'user-agent': 'Mozilla/5.0 (X11) Firefox/140.0' };
const milvus = '/milvus.proto.milvus.MilvusService';

test.each([
  ['a search of an SDK', 'POST', `${milvus}/Search`, grpc, 'grpc', 'use'],
  ['the first call of an SDK', 'POST', `${milvus}/Connect`, grpc, 'grpc', 'use'],
  ['grpc-web', 'POST', `${milvus}/Query`, { 'content-type': 'application/grpc-web' }, 'grpc', 'use'],
  ['a monitor’s question', 'POST', `${milvus}/CheckHealth`, grpc, 'grpc', 'poll'],
  ['the version', 'POST', `${milvus}/GetVersion`, grpc, 'grpc', 'poll'],
  ['who is connected', 'POST', `${milvus}/ListClientInfos`, grpc, 'grpc', 'poll'],
  [
    'the heartbeat of an idle client',
    'POST',
    '/milvus.proto.milvus.ClientTelemetryService/ClientHeartbeat',
    grpc,
    'grpc',
    'noise',
  ],
  ['gRPC’s health check', 'POST', '/grpc.health.v1.Health/Check', grpc, 'grpc', 'noise'],
  ['a probe by gRPC', 'POST', `${milvus}/Search`, { ...grpc, 'user-agent': 'grpc_health_probe/0.4' }, 'grpc', 'noise'],
  ['reflection', 'POST', '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', grpc, 'grpc', 'noise'],
  ['REST', 'POST', '/v1/vector/search', { 'content-type': 'application/json' }, 'rest', 'use'],
  ['REST of 2.4', 'POST', '/v2/vectordb/entities/search', { 'content-type': 'application/json' }, 'rest', 'use'],
  ['REST by GET', 'GET', '/v1/vector/collections', { accept: '*/*', 'user-agent': 'curl/8.5.0' }, 'rest', 'use'],
  ['REST in a browser', 'GET', '/v1/vector/collections', html, 'browser', 'use'],
  ['a person', 'GET', '/', html, 'browser', 'use'],
  ['our own page', 'GET', '/', { 'x-redkite-progress': '1' }, 'progress', 'poll'],
  [
    'a browser’s icon',
    'GET',
    '/favicon.ico',
    { accept: 'image/avif,*/*', 'user-agent': 'Mozilla/5.0' },
    'rest',
    'noise',
  ],
  ['a health check by path', 'GET', '/healthz', {}, 'rest', 'noise'],
  ['a scrape by path', 'GET', '/metrics', {}, 'rest', 'noise'],
  ['the ALB', 'GET', '/', { 'user-agent': 'ELB-HealthChecker/2.0' }, 'rest', 'noise'],
  ['a kubelet', 'GET', '/', { 'user-agent': 'kube-probe/1.31' }, 'rest', 'noise'],
  ['Prometheus', 'GET', '/v1/x', { 'user-agent': 'Prometheus/3.1.0' }, 'rest', 'noise'],
  ['Google', 'GET', '/', { 'user-agent': 'GoogleHC/1.0' }, 'rest', 'noise'],
  [
    'zgrab that looks like a browser',
    'GET',
    '/',
    { ...html, 'user-agent': 'Mozilla/5.0 zgrab/0.x' },
    'browser',
    'noise',
  ],
  ['masscan', 'GET', '/', { 'user-agent': 'masscan/1.3' }, 'rest', 'noise'],
  ['/.env', 'GET', '/.env', html, 'browser', 'noise'],
  ['/.git/config', 'GET', '/.git/config', {}, 'rest', 'noise'],
  ['/wp-login.php', 'GET', '/wp-login.php', html, 'browser', 'noise'],
  ['PHP anywhere', 'POST', '/api/upload.PHP', {}, 'rest', 'noise'],
  ['what is no path of Milvus', 'POST', '/login', {}, 'rest', 'noise'],
  ['no path of Milvus, no agent', 'GET', '/', {}, 'rest', 'noise'],
])('%s', (_what, method, path, headers, kind, motive) => {
  expect(of(method, path, headers as Record<string, string>)).toMatchObject({ kind, motive });
});

test('a parameter takes the place of the known patterns, or adds to them', () => {
  expect(patternList('defaults', ['a', 'b'])).toEqual(['a', 'b']);
  expect(patternList('mine, defaults', ['a', 'b'])).toEqual(['mine', 'a', 'b']);
  expect(patternList('mine', ['a', 'b'])).toEqual(['mine']);
  expect(patternList(' , ', ['a'])).toEqual([]);
  const own = filtersOf({ agents: ['my*probe'], paths: [], usedPaths: ['/mine/*'] });
  const agent: [string, string][] = [['user-agent', 'x My-Probe y']];
  const request = {
    method: 'GET',
    path: '/mine/x',
    target: '/mine/x',
    headers: agent,
    body: '',
    isBase64Encoded: false,
  };
  expect(classify(request, own).motive).toBe('noise');
  expect(classify({ ...request, headers: [] }, own).motive).toBe('use');
});

test('nothing makes it throw', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.array(fc.tuple(fc.constantFrom('user-agent', 'accept', 'content-type', 'x'), fc.string({ unit: 'binary' }))),
      (method, path, headers) => {
        const { reason } = classify({ method, path, target: path, headers, body: '', isBase64Encoded: false }, filters);
        expect(reason).not.toBe('');
      },
    ),
  );
});
