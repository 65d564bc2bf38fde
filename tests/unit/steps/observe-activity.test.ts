import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serviceGroup } from '../../../functions/common/cluster/names.ts';
import { idlePolicySchema } from '../../../functions/common/idle/policy.ts';
import { systemClock } from '../../../functions/common/lambda/polling.ts';
import { observeActivity, type ObserveDeps } from '../../../functions/observe-activity/observe.ts';
import { memoryRegistry } from '../../fixtures/registry.ts';
import { decideActivity, decideInFlight, decideWork } from '../../../functions/observe-activity/decide.ts';
import { decode, RUNNING_COMPACTIONS, RUNNING_IMPORTS } from '../../../functions/common/milvus/api.ts';
import type { Work } from '../../../functions/common/idle/work.ts';
import { after, blind, instance, seeing } from '../idle/fixtures.ts';

const NONE: Work = { state: 'none' };
const IMPORT: Work = { state: 'running', running: [{ kind: 'import', count: 1 }] };
const proxy = (searches: number | readonly [number, number], inFlight = 0) =>
  instance('proxy@a', { Search: searches }, { inFlight });
const state = after([0, seeing(proxy(5))]);

const POLICY = idlePolicySchema.parse({ window: 30 });
const inMinutes = (minutes: number) => new Date(Date.parse(state.lastActivity.at) + minutes * 60_000);

test.each([
  ['was used after it was decided, and that is remembered', { window: 30 }, 29, /last asked something/],
  ['is never to fall asleep, since a moment ago', { never: true }, 120, /never/],
  ['is kept awake, since a moment ago', { keepAwake: [{ start: '* * * * *', duration: 60 }] }, 120, /keeps it awake/],
])('a decision that comes late: a cluster that %s stays awake', (_, policy, minutes, reason) => {
  const look = decideActivity(state, seeing(proxy(5)), NONE, idlePolicySchema.parse(policy), inMinutes(minutes));
  expect(look).toEqual({ idle: false, reason: expect.stringMatching(reason) as string });
});

test('once nobody is let in any more, work that the last request began is in the way too', async () => {
  const page = 'process_start_time_seconds 1\n';
  const server = createServer((_, response) => response.end(page)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const deps: ObserveDeps = {
    registry: memoryRegistry(),
    // Nobody takes gRPC calls there, so it cannot be seen whether an import runs.
    options: { ports: { client: port, management: port, dataNode: port }, timeoutMs: 2_000 },
    clock: systemClock,
    budgetMs: 2_000,
    intervalMs: 1,
  };
  const groups = [{ group: serviceGroup('demo', 'proxy'), addresses: ['127.0.0.1'] }];
  try {
    expect(await observeActivity(deps, { cluster: 'demo', groups, look: 'in-flight' })).toEqual({
      idle: false,
      reason: expect.stringContaining('what Milvus does by itself cannot be seen (import') as string,
    });
  } finally {
    server.close();
  }
});

test.each([
  ['nothing', state, seeing(proxy(5)), NONE, true, /nothing is asked/],
  ['a request since', state, seeing(proxy(6)), NONE, false, /meanwhile: Search \(1\)/],
  ['a request that has not ended', state, seeing(proxy([6, 5])), NONE, false, /meanwhile/],
  [
    'one that never ends, known when it was decided',
    after([0, seeing(proxy([6, 5]))]),
    seeing(proxy([6, 5])),
    NONE,
    true,
    /nothing/,
  ],
  ['an import', state, seeing(proxy(5)), IMPORT, false, /^an import runs$/],
  [
    'work that cannot be seen',
    state,
    seeing(proxy(5)),
    { state: 'unseen', problems: ['import: refused'] },
    false,
    /refused/,
  ],
  ['a proxy that cannot be seen', state, blind('proxy@a'), NONE, false, /cannot be seen \(proxy@a: timed out\)/],
  [
    'a proxy that was started since',
    state,
    seeing(instance('proxy@a', {}, { startedAt: 2 })),
    NONE,
    false,
    /started again/,
  ],
  ['nobody has ever looked', undefined, seeing(proxy(5)), NONE, false, /never looked at/],
] as const)('the last look before it falls asleep by itself: %s', (_, known, observation, work, idle, reason) => {
  expect(decideActivity(known, observation, work, POLICY, inMinutes(120))).toEqual({
    idle,
    reason: expect.stringMatching(reason) as string,
  });
});

test('before it falls asleep because somebody asked for it, only work is in the way', () => {
  expect(decideWork(IMPORT)).toEqual({ idle: false, reason: 'an import runs' });
  expect(decideWork(NONE).idle).toBe(true);
});

test.each([
  ['one look is not enough', undefined, seeing(proxy(5)), false],
  ['two that see the same', seeing(proxy(5)), seeing(proxy(5)), true],
  ['a request came between them', seeing(proxy(5)), seeing(proxy(6)), false],
  ['a poll is being answered', seeing(proxy(5)), seeing(proxy(5, 1)), false],
  ['a proxy that cannot be seen', seeing(proxy(5)), blind('proxy@a'), false],
])('draining: %s', (_, before, observation, idle) => {
  expect(decideInFlight(before, observation).idle).toBe(idle);
});

/** As Milvus 2.3.5 sent them. */
describe('answers of Milvus', () => {
  test('a compaction that runs, and none', () => {
    const running = Buffer.from('0a00120c089fcc98cfd5a590c4061001', 'hex');
    expect(RUNNING_COMPACTIONS.read(decode(RUNNING_COMPACTIONS.response, running))).toBe(1);
    expect(RUNNING_COMPACTIONS.read(decode(RUNNING_COMPACTIONS.response, Buffer.from('0a00', 'hex')))).toBe(0);
  });

  test.each([
    ['pending', [], 1],
    ['failed', [0x10, 1], 0],
    ['started', [0x10, 2], 1],
    ['persisted', [0x10, 5], 1],
    ['completed', [0x10, 6], 0],
    ['failed and cleaned', [0x10, 7], 0],
    ['flushed', [0x10, 8], 1],
    ['a state of another release', [0x10, 99], 1],
  ])('an import that is %s', (_, task, running) => {
    const bytes = Buffer.from([0x0a, 0, 0x12, task.length, ...task]);
    expect(RUNNING_IMPORTS.read(decode(RUNNING_IMPORTS.response, bytes))).toBe(running);
  });
});
