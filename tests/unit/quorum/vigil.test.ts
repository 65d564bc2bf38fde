/** What the minutely watch does about a quorum: a table of its decisions, then minutes of it beside the machine that it starts. */
import fc from 'fast-check';
import { assessQuorum, type Decision } from '../../../functions/common/quorum/assess.ts';
import type { Condition } from '../../../functions/common/cluster/conditions.ts';
import type { QuorumMemory } from '../../../functions/common/quorum/observation.ts';
import { QUORUM_POLICY } from '../../../functions/common/quorum/policy.ts';
import { keepVigil, VIGIL_POLICY, type VigilMemory } from '../../../functions/common/quorum/vigil.ts';
import { World } from './world.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const ago = (seconds: number) => at(-seconds).toISOString();
const condition = (status: Condition['status'], reason: string, message = ''): Condition => ({
  ...{ type: 'MetadataReady', status, reason, message },
  observedAt: ago(3_600),
});
const ready = condition('True', 'QuorumHealthy');
const healthy: Decision = { action: { kind: 'none' }, reason: '3 members are healthy' };
const silent: Decision = { action: { kind: 'wait' }, reason: 'etcd-1 (m1) does not answer' };
const asked = (requests: number, seconds: number): VigilMemory => ({
  troubledSince: ago(3_000),
  requests,
  requestedAt: ago(seconds),
});

const keep = (input: Partial<Parameters<typeof keepVigil>[0]>) =>
  keepVigil(
    { assessment: silent, worker: undefined, memory: undefined, condition: ready, ...input },
    VIGIL_POLICY,
    NOW,
  );

test('a healthy quorum costs nothing and is not told of', () => {
  expect(keep({ assessment: healthy })).toEqual({ action: 'none', reason: healthy.reason, memory: undefined });
});

test('one that is whole again is said to be, and what was remembered is forgotten', () => {
  const before = condition('False', 'QuorumDegraded');
  const decision = keep({ assessment: healthy, condition: before, memory: asked(2, 90) });
  expect(decision).toMatchObject({ action: 'none', condition: { status: 'True', observedAt: NOW.toISOString() } });
  expect(decision.memory).toBeUndefined();
});

test('one that is whole again, but whose machine died, is looked at by another: it may have left a member without its name', () => {
  const before = condition('Unknown', 'ReplacementEnded', 'The execution x ended ABORTED.');
  const decision = keep({ assessment: healthy, condition: before });
  expect(decision).toMatchObject({
    action: 'request-replacement',
    reason: '3 members are healthy, but it is not known that all of them can be found: The execution x ended ABORTED.',
    memory: { requests: 1 },
  });
  // It says so itself when it has looked.
  expect(decision).not.toHaveProperty('condition');
  expect(keep({ assessment: healthy, condition: before, memory: asked(1, 20) })).toMatchObject({ action: 'none' });
  expect(keep({ assessment: healthy, condition: before, worker: 'demo-replace-abc' }).action).toBe('none');
});

test.each([
  silent,
  { action: { kind: 'remove-member', memberId: 'm1' }, reason: 'etcd-1 (m1) has no task any more' },
  { action: { kind: 'add-learner', peerUrl: 'http://etcd-1' }, reason: 'the quorum has no etcd-1' },
  { action: { kind: 'promote-member', memberId: 'm9' }, reason: 'etcd-1 (m9) has caught up' },
  { action: { kind: 'quorum-lost' }, reason: '1 of 3 voters have a task left, 2 are needed' },
] satisfies Decision[])('whatever is to be done or waited for, replace-member does it: $reason', (assessment) => {
  expect(keep({ assessment })).toEqual({
    action: 'request-replacement',
    reason: assessment.reason,
    memory: { troubledSince: NOW.toISOString(), requests: 1, requestedAt: NOW.toISOString() },
    condition: {
      ...{ type: 'MetadataReady', status: 'False', reason: 'QuorumDegraded', message: assessment.reason },
      observedAt: NOW.toISOString(),
    },
  });
});

test.each([silent, healthy])(
  'what an execution works on is left to it, and it speaks for the members',
  (assessment) => {
    const decision = keep({ assessment, worker: 'demo-replace-abc', condition: condition('False', 'QuorumDegraded') });
    expect(decision.action).toBe('none');
    expect(decision.reason).toContain('demo-replace-abc works on the members');
    expect(decision.condition).toBeUndefined();
  },
);

describe('told only when it changes', () => {
  test.each([
    ['the same was said', condition('False', 'QuorumDegraded', silent.reason), false],
    ['something else was said', condition('False', 'QuorumDegraded', 'etcd-2 is starting'), true],
    ['a failed replacement says more', condition('False', 'MemberNotReplaced', 'CannotPullContainerError'), false],
    ['nothing is known', condition('Unknown', 'NotObserved'), true],
  ])('%s', (_, before, told) => {
    expect(keep({ condition: before }).condition !== undefined).toBe(told);
  });
});

describe('what does not help is asked for more and more rarely', () => {
  test.each([
    [1, 40, 'none'],
    [1, 60, 'request-replacement'],
    [2, 60, 'none'],
    [2, 120, 'request-replacement'],
    [5, 600, 'none'],
    [40, 1_700, 'none'],
    [40, 1_900, 'request-replacement'],
  ] as const)('asked %i time(s), %i s ago: %s', (requests, seconds, action) => {
    const memory = asked(requests, seconds);
    const decision = keep({ memory });
    expect(decision.action).toBe(action);
    expect(decision.memory).toEqual(
      action === 'none' ? memory : { ...memory, requests: requests + 1, requestedAt: NOW.toISOString() },
    );
  });

  test('a request that has helped since is no reason to wait', () => {
    const whole = { ...ready, observedAt: ago(10) };
    expect(keep({ memory: asked(3, 40), condition: whole })).toMatchObject({
      action: 'request-replacement',
      memory: { requests: 1 },
    });
    expect(keep({ memory: asked(3, 5), condition: whole }).action).toBe('none');
  });

  test('the schedule is never on the dot', () => {
    fc.assert(
      fc.property(fc.integer({ min: 55, max: 65 }), (seconds) => {
        expect(keep({ memory: asked(1, seconds) }).action).toBe('request-replacement');
      }),
    );
  });
});

/** One second at a time: the watch each minute with its second look, and the machine that it starts, round by round. */
const SECOND_LOOK_S = 5;
const UNTIL_FIRST_ROUND_S = 2;
const ROUND_S = 6;

interface Run {
  readonly stoppedAfter: number | undefined;
  readonly executions: number;
  readonly world: World;
}

function run(size: number, pause: { readonly at: number; readonly seconds: number }, seconds: number): Run {
  const world = new World(size);
  const [victim] = world.tasks;
  if (victim === undefined) throw new Error('There is no task.');
  let vigil: VigilMemory | undefined;
  let suspicion: QuorumMemory | undefined;
  let machine: { readonly next: number; readonly memory: QuorumMemory } | undefined;
  let executions = 0;
  let stoppedAfter: number | undefined;
  const assess = (memory: QuorumMemory) => assessQuorum({ ...world.observe(false), memory }, QUORUM_POLICY, world.now);
  for (let second = 0; second < seconds; second += 1) {
    if (second === pause.at) victim.state = 'paused';
    if (second === pause.at + pause.seconds && victim.state === 'paused') victim.state = 'running';
    const phase = second % 60;
    if (phase === 0) {
      const { action, memory } = assess({ since: {}, spent: [] });
      suspicion = action.kind === 'none' ? undefined : memory;
    }
    if (phase === SECOND_LOOK_S && suspicion !== undefined) {
      const assessment = assess(suspicion);
      const worker = machine === undefined ? undefined : 'demo-replace-watch-1';
      const now = new Date(world.now);
      const decision = keepVigil({ assessment, worker, memory: vigil, condition: ready }, VIGIL_POLICY, now);
      vigil = decision.memory;
      if (decision.action === 'request-replacement' && machine === undefined) {
        executions += 1;
        machine = { next: second + UNTIL_FIRST_ROUND_S, memory: assessment.memory };
      }
    }
    if (machine?.next === second) {
      world.memory = { ...machine.memory, spent: world.memory.spent };
      const assessment = assess(world.memory);
      world.act(assessment.action);
      if (assessment.action.kind === 'stop-task' && assessment.action.taskId === victim.id) {
        stoppedAfter ??= second - pause.at;
      }
      machine = assessment.action.kind === 'none' ? undefined : { next: second + ROUND_S, memory: assessment.memory };
    }
    world.pass(1_000);
  }
  return { stoppedAfter, executions, world };
}

const sizes = fc.constantFrom(1, 3, 5);
const pausedAt = fc.integer({ min: 1, max: 120 });

test('a member that stands still for up to 30 s stays, whenever the minute falls', () => {
  fc.assert(
    fc.property(sizes, pausedAt, fc.integer({ min: 1, max: 30 }), (size, at, seconds) => {
      const { stoppedAfter, world } = run(size, { at, seconds }, 400);
      expect(stoppedAfter).toBeUndefined();
      expect(world.tasks.map(({ id }) => id)).toEqual(Array.from({ length: size }, (_, n) => `t${n}`));
    }),
    { numRuns: 300 },
  );
});

test('one that stays silent is replaced 40 to 110 s later, by one execution', () => {
  fc.assert(
    fc.property(fc.constantFrom(3, 5), pausedAt, (size, at) => {
      const { stoppedAfter, executions, world } = run(size, { at, seconds: Infinity }, 600);
      expect(stoppedAfter).toBeGreaterThanOrEqual(40);
      expect(stoppedAfter).toBeLessThanOrEqual(110);
      expect(executions).toBe(1);
      expect(world.voters()).toHaveLength(size);
      expect(world.voters().every((member) => world.alive(member))).toBe(true);
    }),
  );
});

test('the only member is never stopped: its data is all there is', () => {
  expect(run(1, { at: 10, seconds: Infinity }, 1_200).stoppedAfter).toBeUndefined();
});

test('a memory of long ago does not make a silence longer than it is', () => {
  const world = new World(3);
  const [victim] = world.tasks;
  if (victim !== undefined) victim.state = 'paused';
  const now = 1_000_000;
  const since = { 'silent:t0': now - 300_000 };
  const look = (seenAt: number) =>
    assessQuorum({ ...world.observe(false), memory: { since, seenAt, spent: [] } }, QUORUM_POLICY, now);
  expect(look(now - 1_000).action.kind).toBe('stop-task');
  const late = look(now - QUORUM_POLICY.longestGapMs - 1);
  expect(late).toMatchObject({ action: { kind: 'wait' }, memory: { since: { 'silent:t0': now }, seenAt: now } });
});
