import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixed, forwardTo, stateOf } from './elbv2-state.ts';
import { fixture, get, signal } from './fixture.ts';

const { behind, serve, target } = fixture();

test('a healthy target takes all requests while the other is dead; both dead: both are tried', async () => {
  const alive = await target((_request, response) => response.end('alive'), '127.0.0.2');
  const dead = await target((_request, response) => response.end(), '127.0.0.3');
  await dead.stop();
  const { http, emulator } = await behind([alive, dead]);
  const report = await emulator.reported('web', dead.Id, 'unhealthy');
  expect(report.reason).toBe('Target.FailedHealthChecks');
  await emulator.reported('web', alive.Id, 'healthy');
  for (let count = 0; count < 20; count += 1) expect((await get(http())).body).toBe('alive');
  alive.healthStatus = 500;
  expect(await emulator.reported('web', alive.Id, 'unhealthy')).toMatchObject({
    reason: 'Target.ResponseCodeMismatch',
    description: 'Health checks failed with these codes: [500]',
  });
  const statuses = [(await get(http())).status, (await get(http())).status].sort();
  expect(statuses).toEqual([200, 502]);
  alive.healthStatus = 200;
  await emulator.reported('web', alive.Id, 'healthy');
});

test('health: initial, healthy by the first success, timeout, unused', async () => {
  let hang = false;
  const made = await target((_request, response) => response.end());
  const original = made.server.listeners('request')[0] as (request: IncomingMessage, response: ServerResponse) => void;
  made.server.removeAllListeners('request');
  made.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!hang) original(request, response);
  });
  const { emulator } = await behind([made], { HealthyThresholdCount: 10, HealthCheckTimeoutSeconds: 0.1 });
  await emulator.reported('web', made.Id, 'healthy');
  const states = emulator.reports.flatMap(({ targets: told }) => told.map(({ state }) => state));
  expect(states).toEqual(['initial', 'healthy']);
  hang = true;
  expect(await emulator.reported('web', made.Id, 'unhealthy')).toMatchObject({ reason: 'Target.Timeout' });
  emulator.set(stateOf({ groups: [{ name: 'web', targets: [{ Id: made.Id, Port: made.Port }] }] }));
  expect(await emulator.reported('web', made.Id, 'unused')).toMatchObject({ reason: 'Target.NotInUse' });
});

test('round robin over targets, also of one address with several ports', async () => {
  const members = await Promise.all(['a', 'b', 'c'].map((name) => target((_request, response) => response.end(name))));
  const { http, emulator } = await behind(members);
  for (const { Id, Port } of members) await emulator.reported('web', Id, 'healthy', Port);
  const seen: Record<string, number> = {};
  for (let count = 0; count < 30; count += 1) {
    const { body } = await get(http());
    seen[body] = (seen[body] ?? 0) + 1;
  }
  expect(seen).toEqual({ a: 10, b: 10, c: 10 });
});

test('a target that is taken out drains: its request finishes, new ones go elsewhere, nothing is lost', async () => {
  const release = signal();
  const arrived = signal();
  const old = await target((_request, response) => {
    arrived.tell();
    void release.told.then(() => response.end('old'));
  });
  const young = await target((_request, response) => response.end('young'));
  const { http, emulator } = await behind([old]);
  const slow = get(http());
  await arrived.told;
  const both = [old, young].map(({ Id, Port }) => ({ Id, Port }));
  emulator.set(stateOf({ groups: [{ name: 'web', targets: both.slice(1) }], action: forwardTo('web') }));
  expect(await emulator.reported('web', old.Id, 'draining', old.Port)).toMatchObject({
    reason: 'Target.DeregistrationInProgress',
  });
  expect((await get(http())).body).toBe('young');
  release.tell();
  expect((await slow).body).toBe('old');
});

test('after the deregistration delay what is left is broken off', async () => {
  const arrived = signal();
  const old = await target(() => {
    arrived.tell();
  });
  const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: '0.1' }];
  const { http, emulator } = await behind([old], { Attributes });
  const slow = get(http());
  await arrived.told;
  emulator.set(stateOf({ groups: [{ name: 'web', targets: [], Attributes }], action: forwardTo('web') }));
  expect((await slow).status).toBe(502);
});

test('a rule that changes while requests run: each gets an answer, and the new rule holds', async () => {
  const made = await target((_request, response) => setTimeout(() => response.end('before'), 20));
  const { http, emulator } = await behind([made]);
  const statuses = new Set<string>();
  let changed = false;
  const clients = Array.from({ length: 8 }, async () => {
    for (;;) {
      const began = changed;
      const { status, body } = await get(http());
      statuses.add(`${status} ${body}`);
      if (status === 418) return;
      expect(status).toBe(200);
      if (began) await sleep(1);
    }
  });
  while (!statuses.has('200 before')) await sleep(5);
  emulator.set(
    stateOf({
      groups: [{ name: 'web', targets: [{ Id: made.Id, Port: made.Port }] }],
      action: forwardTo('web'),
      rules: [
        { Conditions: [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } }], Actions: [fixed(418)] },
      ],
    }),
  );
  changed = true;
  await Promise.all(clients);
  expect([...statuses].sort()).toEqual(['200 before', '418 ']);
});

test('a listener that is deleted finishes its requests and opens no more', async () => {
  const release = signal();
  const arrived = signal();
  const made = await target((_request, response) => {
    arrived.tell();
    void release.told.then(() => response.end('done'));
  });
  const { http, balancer, emulator } = await behind([made]);
  const port = http();
  const slow = get(port);
  await arrived.told;
  emulator.set({ ...stateOf({}), Listeners: [], Rules: [] });
  while (balancer.portOf('listener-http') !== undefined) await sleep(5);
  release.tell();
  expect((await slow).body).toBe('done');
  await expect(get(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('weights', async () => {
  const [a, b] = [await target((_q, response) => response.end('a')), await target((_q, response) => response.end('b'))];
  const group = (name: string, { Id, Port }: { Id: string; Port: number }) => ({ name, targets: [{ Id, Port }] });
  const action = forwardTo('a', 'b', 'c');
  [0.75, 0.25, 0].forEach((share, index) =>
    Object.assign(action.ForwardConfig.TargetGroups[index] ?? {}, { Weight: share * 100 }),
  );
  const setup = await serve(stateOf({ groups: [group('a', a), group('b', b)], action }));
  let ofA = 0;
  for (let count = 0; count < 400; count += 1) if ((await get(setup.http())).body === 'a') ofA += 1;
  // 300 expected; 6 standard deviations of 8.7.
  expect(Math.abs(ofA - 300)).toBeLessThan(52);
});

test('redirects and fixed responses', async () => {
  const setup = await serve(
    stateOf({
      action: { Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_301', Protocol: 'HTTPS', Port: '443' } },
      rules: [{ Conditions: [{ Field: 'host-header', Values: ['fixed.*'] }], Actions: [fixed(410, 'gone')] }],
    }),
  );
  const redirected = await get(setup.http(), '/a/b?c=d', { headers: { Host: 'demo.example:4601' } });
  expect(redirected.status).toBe(301);
  expect(redirected.headers.location).toBe('https://demo.example:443/a/b?c=d');
  expect(await get(setup.http(), '/', { headers: { Host: 'FIXED.example' } })).toMatchObject({
    status: 410,
    body: 'gone',
  });
  expect(await get(setup.http(), '/', { method: 'HEAD', headers: { Host: 'fixed.x' } })).toMatchObject({
    status: 410,
    body: '',
  });
});

test('the emulator restarts: the last known state goes on, and health is told again', async () => {
  const made = await target((_request, response) => response.end('here'));
  const { http, emulator } = await behind([made]);
  await emulator.reported('web', made.Id, 'healthy');
  await emulator.stop();
  expect((await get(http())).body).toBe('here');
  emulator.reports.length = 0;
  emulator.revision = 1;
  emulator.state = stateOf({ action: fixed(410) });
  await emulator.restart();
  while ((await get(http())).status !== 410) await sleep(10);
});

test('a port that is taken is said and does not end the others', async () => {
  const setup = await serve(stateOf({ action: fixed(410) }));
  const state = stateOf({ action: fixed(410) });
  setup.emulator.set({
    ...state,
    Listeners: [...state.Listeners, { ListenerArn: 'tcp', LoadBalancerArn: 'x', Port: 1, Protocol: 'TCP' }],
  });
  while (!setup.logged.some((line) => line.includes('protocol TCP is not served'))) await sleep(5);
  expect((await get(setup.http())).status).toBe(410);
});
