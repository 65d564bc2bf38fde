/**
 * One pass of everything for real: the template deployed into the local AWS, a cluster created through the API in real
 * containers, a real client through the load balancer. What `npm start` does, with more questions asked.
 */
import { ECSClient, ListTasksCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { GOALS, prove } from '../../local/demo/prove.ts';
import { down } from '../../local/down.ts';
import { startedDaemons } from '../../local/processes.ts';
import { localSettings } from '../../local/settings.ts';
import { callApi, showCluster } from '../../local/stack/api.ts';
import { awsClient } from '../../local/stack/aws.ts';
import { bringUp, entryOf } from '../../local/up.ts';

const settings = localSettings();
/** A machine with nothing on it: packages, images and the first start. */
const FIRST_START_MS = 20 * 60_000;
let apiUrl = '';
let first: Awaited<ReturnType<typeof bringUp>>;

beforeAll(async () => {
  first = await bringUp(settings);
  apiUrl = first.apiUrl;
}, FIRST_START_MS);

afterAll(async () => {
  await down(settings);
  expect(startedDaemons(settings)).toEqual([]);
});

test('searches through the load balancer give the right answers', () => {
  expect(first.proof).toMatchObject({ rows: 9_500, queries: 500 });
  expect(first.proof.recallAt10).toBeGreaterThanOrEqual(GOALS.recallAt10);
  expect(first.proof.labelAccuracy).toBeGreaterThanOrEqual(GOALS.labelAccuracy);
});

test('the cluster is awake, owned by nobody, with every condition True', async () => {
  const view = await showCluster(settings, apiUrl, 'demo');
  expect(view).toMatchObject({ phase: 'awake', generation: 1 });
  expect(view?.operation).toBeUndefined();
  expect(view?.conditions.map(({ status }) => status)).toEqual(['True', 'True', 'True', 'True', 'True']);
});

test('a second run uses what is there', async () => {
  const { proof, timings } = await bringUp(settings);
  expect(proof.recallAt10).toBeGreaterThanOrEqual(GOALS.recallAt10);
  expect(Object.keys(proof.timings)).not.toContain('insert');
  expect(Object.keys(timings)).toEqual(Object.keys(first.timings));
});

test('a proxy that is stopped is replaced, registered, and found by clients without anyone asking', async () => {
  const ecs = awsClient(settings, ECSClient);
  const cluster = `redkite-${settings.stage}`;
  const list = async () =>
    (await ecs.send(new ListTasksCommand({ cluster, serviceName: 'demo_proxy' }))).taskArns ?? [];
  const before = await list();
  for (const task of before) await ecs.send(new StopTaskCommand({ cluster, task }));
  const entry = await entryOf(settings);
  const deadline = Date.now() + 90_000;
  for (;;) {
    const after = await list();
    const replaced = after.length > 0 && after.every((task) => !before.includes(task));
    const proof = replaced ? await prove(entry, () => undefined).catch(() => undefined) : undefined;
    if (proof !== undefined) {
      expect(proof.recallAt10).toBeGreaterThanOrEqual(GOALS.recallAt10);
      break;
    }
    if (Date.now() > deadline) throw new Error(`No new proxy answered: ${after.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
});

describe('requests that are refused before anything is created', () => {
  test.each([
    ['no signature', { unsigned: true, body: { name: 'other' } }, 403, undefined, undefined],
    ['no JSON', { rawBody: '{"name": ' }, 400, 'malformed_body', 'body'],
    ['no body', {}, 400, 'malformed_body', 'body'],
    ['a bad name', { body: { name: 'Other!' } }, 422, 'invalid_request', 'name'],
    ['an unknown field', { body: { name: 'other', colour: 'red' } }, 422, 'invalid_request', 'colour'],
    ['an unknown release', { body: { name: 'other', release: '1.0' } }, 422, 'invalid_request', 'release'],
    [
      'an impossible size',
      { body: { name: 'other', roles: { proxy: { cpu: 256, memory: 100_000 } } } },
      422,
      'invalid_request',
      'roles.proxy.memory',
    ],
    ['a name that is taken', { body: { name: 'demo' } }, 409, 'cluster_exists', 'name'],
  ])('%s', async (_, request, status, code, field) => {
    const answer = await callApi(settings, apiUrl, { method: 'POST', path: '/clusters', ...request });
    expect(answer.status).toBe(status);
    if (code === undefined) return;
    expect(answer.body).toMatchObject({ code, status, errors: [{ field }] });
    expect(await showCluster(settings, apiUrl, 'other')).toBeUndefined();
  });

  test('an unknown cluster is a 404 that says so', async () => {
    const answer = await callApi(settings, apiUrl, { method: 'GET', path: '/clusters/nobody' });
    expect(answer).toMatchObject({ status: 404, body: { code: 'cluster_not_found' } });
  });

  test('the list has the one cluster', async () => {
    const { status, body } = await callApi(settings, apiUrl, { method: 'GET', path: '/clusters' });
    expect(status).toBe(200);
    expect((body as { clusters: { name: string }[] }).clusters.map(({ name }) => name)).toEqual(['demo']);
  });
});
