import { decideActivity, decideInFlight, decideWork } from '../../../functions/observe-activity/decide.ts';
import { decode, RUNNING_COMPACTIONS, RUNNING_IMPORTS } from '../../../functions/common/milvus/api.ts';
import type { Work } from '../../../functions/common/idle/work.ts';
import { after, blind, instance, seeing } from '../idle/fixtures.ts';

const NONE: Work = { state: 'none' };
const IMPORT: Work = { state: 'running', running: [{ kind: 'import', count: 1 }] };
const proxy = (searches: number | readonly [number, number], inFlight = 0) =>
  instance('proxy@a', { Search: searches }, { inFlight });
const state = after([0, seeing(proxy(5))]);

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
  expect(decideActivity(known, observation, work)).toEqual({ idle, reason: expect.stringMatching(reason) as string });
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
