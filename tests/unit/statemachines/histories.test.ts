/**
 * Step Functions ends an execution at 25,000 events. The emulator does not count them, so this does: the worst case of every
 * machine stands in one table, and a loop that nobody has thought through is not in it.
 */
import { MOST_ATTEMPTS } from '../../../functions/settle-execution/recover-again.ts';
import { historyOf, type History } from './history.ts';
import { machineNames, machineOf, type Machine } from './machine.ts';

/** A fifth below what Step Functions lets it be. */
const MOST_EVENTS = 20_000;

/** What makes a machine go on for longest. */
const INPUTS: Readonly<Record<string, readonly object[]>> = {
  'recover-quorum': [{}, { attempt: MOST_ATTEMPTS }],
  'replace-member': [{}, { upgrade: true }],
};

/** Loops by their first state: how many seconds they may go on, and the events of that. */
const WORST_CASES: Readonly<Record<string, History>> = {
  'archive-metadata': { loops: {}, total: 23 },
  'bootstrap-quorum': {
    loops: {
      AwaitMembers: { seconds: 2_700, events: 16_075 },
    },
    total: 16_108,
  },
  'clean-up-cluster': { loops: {}, total: 162 },
  'create-cluster': { loops: {}, total: 200 },
  'examine-archives': { loops: {}, total: 23 },
  'maintain-quorum': {
    loops: {
      ObserveMembers: { seconds: 1_500, events: 19_305 },
    },
    total: 19_488,
  },
  'recover-quorum': {
    loops: {
      ObserveMembers: { seconds: 1_560, events: 5_278 },
      'Survivor?': { seconds: 0, events: 728 },
    },
    total: 6_433,
  },
  'register-endpoints': {
    loops: {
      VerifyCluster: { seconds: 1_200, events: 611 },
      CheckTargets: { seconds: 180, events: 210 },
    },
    total: 883,
  },
  'replace-member': {
    loops: {
      ObserveMembers: { seconds: 2_700, events: 17_954 },
    },
    total: 18_136,
  },
  'sleep-cluster': {
    loops: {
      StopCompute: { seconds: 3_600, events: 5_075 },
    },
    total: 5_424,
  },
  'start-compute': {
    loops: {
      ProbeCompute: { seconds: 300, events: 502 },
    },
    total: 579,
  },
  'wake-cluster': { loops: {}, total: 203 },
};

test.each(machineNames)('%s has the loops that the table has, and no others', async (name) => {
  expect(await historyOf(machineOf(name), INPUTS[name])).toEqual(WORST_CASES[name]);
});

test.each(Object.entries(WORST_CASES))('the history of %s is never full', (_, { loops, total }) => {
  for (const { events } of Object.values(loops)) expect(events).toBeLessThanOrEqual(MOST_EVENTS);
  expect(total).toBeLessThanOrEqual(MOST_EVENTS);
});

describe('the bound itself', () => {
  const retry = { IntervalSeconds: 4, BackoffRate: 1, MaxAttempts: 2, JitterStrategy: 'FULL' };
  const look = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Next: 'Ready?' };
  const choices = [
    { Condition: '{% $ready %}', Next: 'Done' },
    { Condition: '{% $millis() > $deadline %}', Next: 'Done' },
  ];
  const polling = (changes: Machine['States'] = {}): Machine => ({
    StartAt: 'Begin',
    TimeoutSeconds: 1_000,
    States: {
      Begin: { Type: 'Pass', Assign: { deadline: '{% $millis() + 100000 %}', turns: 0, seen: [] }, Next: 'Look' },
      Look: look,
      'Ready?': { Type: 'Choice', Choices: choices, Default: 'Wait' },
      Wait: { Type: 'Wait', Seconds: 1, Next: 'Look' },
      Done: { Type: 'Succeed' },
      ...changes,
    },
  });
  const loopOf = async (machine: Machine) => (await historyOf(machine)).loops['Look'];
  /** Of one turn: a task, a choice, a wait. Twice more: the way in and the turn after the deadline. */
  const TURN = 5 + 2 + 2;

  test('a loop has as many turns as its waits leave room for before its deadline', async () => {
    expect(await loopOf(polling())).toEqual({ seconds: 100, events: 100 * TURN + 2 * TURN });
    // Beside it: the execution itself (2), the first state and the last (2 each).
    expect((await historyOf(polling())).total).toBe(102 * TURN + 6);
  });

  test('a retry has its events, and a quarter of its delay where that is jittered', async () => {
    const seldom = { ErrorEquals: ['A'], ...retry, IntervalSeconds: 40, MaxAttempts: 1 };
    const events = 100 * TURN + 2 * (TURN + 3);
    expect(await loopOf(polling({ Look: { ...look, Retry: [seldom] } }))).toEqual({ seconds: 100, events });
    const often = { ErrorEquals: ['A'], ...retry, IntervalSeconds: 0.4 };
    const dense = Math.ceil((100 * (TURN + 6)) / 1.2 + 2 * (TURN + 6));
    expect(await loopOf(polling({ Look: { ...look, Retry: [often] } }))).toEqual({ seconds: 100, events: dense });
  });

  test('a function that waits has waited when it is not ready', async () => {
    const Look = { ...look, Arguments: { FunctionName: '${ProbeComputeFunction}' } };
    expect(await loopOf(polling({ Look }))).toEqual({
      seconds: 100,
      events: Math.ceil((100 * TURN) / 20.9 + 2 * TURN),
    });
  });

  test('a deadline that a turn passes by, or puts off, bounds nothing: the timeout of the machine does', async () => {
    const first = { Condition: '{% $later %}', Next: 'Wait' };
    const passedBy = { Type: 'Choice', Choices: [first, ...choices], Default: 'Wait' };
    expect(await loopOf(polling({ 'Ready?': passedBy }))).toMatchObject({ seconds: 1_000 });
    const putOff = { Type: 'Wait', Seconds: 1, Assign: { deadline: '{% $millis() + 100000 %}' }, Next: 'Look' };
    expect(await loopOf(polling({ Wait: putOff }))).toMatchObject({ seconds: 1_000 });
  });

  test('a turn without any wait has no bound', async () => {
    const Wait = { Type: 'Pass', Next: 'Look' };
    expect(await loopOf(polling({ Wait }))).toEqual({ seconds: 100, events: Infinity });
  });

  test.each([
    ['adds one', '{% $turns + 1 %}', '$turns > 7'],
    ['grows a list', '{% [$turns, $seen] %}', '$count($turns) > 7'],
  ])('unless it %s and looks at that', async (_, turns, full) => {
    const Wait = { Type: 'Pass', Assign: { turns }, Next: 'Look' };
    const counted = (condition: string) =>
      polling({
        Wait,
        'Ready?': {
          Type: 'Choice',
          Choices: [{ Condition: `{% ${condition} %}`, Next: 'Done' }, ...choices],
          Default: 'Wait',
        },
      });
    expect(await loopOf(counted(full))).toEqual({ seconds: 0, events: 8 * TURN + 2 * TURN });
    expect(await loopOf(counted(`$ready or ${full}`))).toEqual({ seconds: 0, events: 8 * TURN + 2 * TURN });
    expect(await loopOf(counted(`$ready and ${full}`))).toMatchObject({ events: Infinity });
  });

  test('a count that begins anew inside the loop is none', async () => {
    const full = { Condition: '{% $turns > 7 %}', Next: 'Done' };
    const machine = polling({
      'Ready?': { Type: 'Choice', Choices: [full, ...choices], Default: 'Wait' },
      Wait: { Type: 'Pass', Assign: { turns: '{% $turns + 1 %}' }, Next: 'Look' },
      Look: {
        ...look,
        Catch: [{ ErrorEquals: ['A'], Assign: { turns: 0 }, Next: 'Ready?' }],
      },
    });
    expect(await loopOf(machine)).toMatchObject({ events: Infinity });
  });

  test('a timeout that is caught has passed, as often as it is tried again', async () => {
    const Look = {
      ...look,
      TimeoutSeconds: 20,
      Retry: [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1, IntervalSeconds: 1 }],
      Next: 'Done',
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Look' }],
    };
    const machine = polling({ Look });
    const { 'Ready?': _, Wait: __, ...States } = machine.States;
    // All of 1,000 seconds at 40 a turn, or 41 with the retry.
    expect(await loopOf({ ...machine, States })).toEqual({ seconds: 1_000, events: Math.ceil((1_000 * 8) / 41 + 16) });
  });
});
