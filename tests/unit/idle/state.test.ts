import { noteObservation, noteWork } from '../../../functions/common/idle/state.ts';
import type { Work } from '../../../functions/common/idle/work.ts';
import { after, at, blind, GENERATION, instance, seeing } from './fixtures.ts';

const proxy = (searches: number | readonly [number, number], startedAt?: number) =>
  instance('proxy@a', { Search: searches }, startedAt === undefined ? {} : { startedAt });
const other = (searches: number) => instance('proxy@b', { Search: searches });
const note = (
  state: ReturnType<typeof after>,
  minute: number,
  observation: ReturnType<typeof seeing>,
  generation = GENERATION,
) => noteObservation(state, observation, { generation, now: at(minute) });

const base = after([0, seeing(proxy(5))]);

test('the first look counts as activity: nobody saw what was before', () => {
  expect(base).toMatchObject({ revision: 1, lastActivity: { at: at(0).toISOString() } });
});

test.each([
  ['nothing new', seeing(proxy(5)), undefined],
  ['a search more', seeing(proxy(6)), 'Search (1) at proxy@a'],
  ['three that have begun', seeing(proxy([8, 5])), 'Search (3) at proxy@a'],
  ['a function that was never called', seeing(instance('proxy@a', { Search: 5, Insert: 1 })), 'Insert (1) at proxy@a'],
  ['a process that was started again', seeing(proxy(5, 2_000)), 'proxy@a was started again'],
  ['one that was started again and counts from zero', seeing(proxy(0, 2_000)), 'proxy@a was started again'],
  ['a look that was overtaken', seeing(proxy(4)), 'Search at proxy@a'],
  ['a second proxy', seeing(proxy(5), other(0)), 'proxy@b is new and may have answered requests already'],
  ['another proxy in its place', seeing(other(0)), expect.stringContaining('proxy@b is new') as string],
  ['a proxy less', seeing(), 'proxy@a is gone and may have answered requests before'],
  ['one that cannot be seen', blind('proxy@a'), undefined],
])('%s', (_, observation, what) => {
  const next = note(base, 7, observation);
  expect(next.lastActivity).toEqual(what === undefined ? base.lastActivity : { at: at(7).toISOString(), what });
});

test('nothing new is nothing to write, however many minutes were missed', () => {
  expect(note(base, 1, seeing(proxy(5)))).toBe(base);
  expect(note(base, 500, seeing(proxy(5)))).toBe(base);
});

test('a process that was out of sight shows by its counters what happened meanwhile', () => {
  const lost = note(base, 1, blind('proxy@a'));
  expect(lost).toMatchObject({ unseen: { since: at(1).toISOString(), problem: 'proxy@a: timed out' }, revision: 2 });
  expect(note(lost, 2, blind('proxy@a'))).toBe(lost);
  expect(note(lost, 9, seeing(proxy(5)))).toEqual({ ...base, revision: 3 });
  expect(note(lost, 9, seeing(proxy(6))).lastActivity.what).toBe('Search (1) at proxy@a');
});

test('a process that was gone before anybody saw it may have answered something', () => {
  const lost = after([0, { seen: [proxy(5)], unseen: [{ instance: 'proxy@b', problem: 'timed out' }] }]);
  expect(note(lost, 8, seeing(proxy(5))).lastActivity).toEqual({
    at: at(8).toISOString(),
    what: 'proxy@b is gone and may have answered requests before',
  });
  expect(note(lost, 8, seeing(proxy(5), other(0))).lastActivity.what).toContain('proxy@b is new');
});

test('a task that came and went between two looks may have answered something; one that is forgotten did not', () => {
  const looked = after([0, { ...seeing(proxy(5)), tasks: ['a'] }]);
  const cameAndWent = note(looked, 4, { ...seeing(proxy(5)), tasks: ['a', 'b'] });
  expect(cameAndWent.lastActivity).toMatchObject({
    at: at(4).toISOString(),
    what: expect.stringContaining('task b') as string,
  });
  expect(note(cameAndWent, 70, { ...seeing(proxy(5)), tasks: ['a'] }).lastActivity).toEqual(cameAndWent.lastActivity);
});

test('an end counts too: a long request is activity until it is answered', () => {
  const begun = note(base, 1, seeing(proxy([6, 5])));
  expect(begun.inFlight).toBe('Search (1)');
  expect(note(begun, 20, seeing(proxy([6, 5])))).toBe(begun);
  expect(note(begun, 40, seeing(proxy(6)))).toMatchObject({ lastActivity: { at: at(40).toISOString() } });
  expect(note(begun, 40, seeing(proxy(6))).inFlight).toBeUndefined();
});

test('the counters of another time awake say nothing', () => {
  expect(note(base, 7, seeing(proxy(5)), GENERATION + 2)).toMatchObject({
    generation: GENERATION + 2,
    revision: 2,
    lastActivity: { at: at(7).toISOString(), what: 'the first look at its counters' },
  });
});

test('a clock that was far ahead is not believed for long, one that is a little ahead is', () => {
  const ahead = after([600, seeing(proxy(5))]);
  expect(note(ahead, 0, seeing(proxy(5))).lastActivity.at).toBe(at(0).toISOString());
  expect(note(ahead, 597, seeing(proxy(5)))).toBe(ahead);
});

describe('work that Milvus does by itself', () => {
  const running: Work = { state: 'running', running: [{ kind: 'import', count: 1 }] };
  const unseen: Work = { state: 'unseen', problems: ['import: refused'] };

  test('counts like a request', () => {
    expect(noteWork(base, running, at(9)).lastActivity).toEqual({ at: at(9).toISOString(), what: 'an import runs' });
  });

  test('that cannot be seen is said once, until it is seen or a request comes', () => {
    const lost = noteWork(base, unseen, at(9));
    expect(lost.workUnseen).toMatchObject({ since: at(9).toISOString() });
    expect(noteWork(lost, unseen, at(10))).toBe(lost);
    expect(note(lost, 10, seeing(proxy(5)))).toBe(lost);
    expect(noteWork(lost, { state: 'none' }, at(11)).workUnseen).toBeUndefined();
    expect(note(lost, 11, seeing(proxy(6))).workUnseen).toBeUndefined();
  });

  test('that does not run is nothing to write', () => {
    expect(noteWork(base, { state: 'none' }, at(9))).toBe(base);
  });
});
