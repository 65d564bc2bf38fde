/** All laws together: whatever happens to a quorum, and to the executions that look after it, it ends well or is named lost. */
import fc from 'fast-check';
import { assessQuorum, type QuorumAssessment } from '../../../functions/common/quorum/assess.ts';
import { QUORUM_POLICY } from '../../../functions/common/quorum/policy.ts';
import { World } from './world.ts';

const STEP_MS = 5_000;
const STEPS_TO_SETTLE = 400;

const disturbance = fc.oneof(
  fc.record({ what: fc.constantFrom('kill', 'ask', 'pause', 'resume'), which: fc.nat(20) }),
  fc.record({
    what: fc.constantFrom('restart-before', 'restart-after', 'stale', 'step', 'step', 'wait'),
    which: fc.constant(0),
  }),
);

function step(world: World, how: { stale?: boolean; dies?: 'before' | 'after' } = {}): QuorumAssessment {
  const assessment = assessQuorum(world.observe(how.stale ?? false), QUORUM_POLICY, world.now);
  world.memory = assessment.memory;
  if (assessment.action.kind === 'quorum-lost' && !world.isLost()) {
    throw new Error(`named lost, but it is not: ${assessment.reason}`);
  }
  const before = world.hasQuorum();
  if (how.dies !== 'before') world.act(assessment.action);
  if (how.dies !== undefined) world.restartExecution();
  // A task that is asked to stop is counted as gone at once.
  const pending = new Set(world.tasks.filter(({ asked }) => asked).map(({ memberId }) => memberId));
  const left = world.voters().filter((member) => world.alive(member) && !pending.has(member.id)).length;
  if (before && assessment.action.kind !== 'wait' && assessment.action.kind !== 'none') {
    if (!world.hasQuorum()) throw new Error(`${assessment.action.kind} took the quorum away`);
    if (assessment.action.kind === 'stop-task' && left < Math.floor(world.voters().length / 2) + 1) {
      const asked = world.tasks.find(({ id }) => 'taskId' in assessment.action && id === assessment.action.taskId);
      const healthy = asked?.state === 'running' && world.members.some(({ id }) => id === asked.memberId);
      if (healthy) throw new Error('a healthy task was stopped while too few were left');
    }
  }
  const urls = world.members.flatMap(({ peerUrls }) => peerUrls);
  if (new Set(urls).size !== urls.length) throw new Error('two members have one peer URL');
  return assessment;
}

function disturb(world: World, { what, which }: { what: string; which: number }): void {
  const running = world.tasks.filter(({ state }) => state !== 'stopped');
  const task = running[which % Math.max(1, running.length)];
  switch (what) {
    case 'kill':
      if (task !== undefined) task.state = 'stopped';
      return;
    case 'ask':
      if (task !== undefined) task.asked = true;
      return;
    case 'pause':
      if (task?.state === 'running') task.state = 'paused';
      return;
    case 'resume':
      for (const paused of running) if (paused.state === 'paused') paused.state = 'running';
      return;
    case 'restart-before':
    case 'restart-after':
      step(world, { dies: what === 'restart-before' ? 'before' : 'after' });
      return;
    case 'stale':
      step(world, { stale: true });
      return;
    case 'wait':
      world.pass(60_000);
      return;
    default:
      step(world);
      world.pass(STEP_MS);
  }
}

function settle(world: World): string {
  for (let n = 0; n < STEPS_TO_SETTLE; n += 1) {
    // A majority that is paused for ever is neither healthy nor lost.
    if (!world.hasQuorum()) disturb(world, { what: 'resume', which: 0 });
    const { action } = step(world);
    if (action.kind === 'quorum-lost' || action.kind === 'none') return action.kind;
    world.pass(STEP_MS);
  }
  return 'did not settle';
}

test.each([1, 3, 5])('a quorum of %i always converges', (size) => {
  fc.assert(
    fc.property(fc.array(disturbance, { maxLength: 40 }), (disturbances) => {
      const world = new World(size);
      for (const one of disturbances) disturb(world, one);
      const end = settle(world);
      if (end === 'none') {
        expect(world.voters()).toHaveLength(size);
        expect(world.members).toHaveLength(size);
        expect(world.voters().every((member) => world.alive(member))).toBe(true);
      } else {
        expect(end).toBe('quorum-lost');
      }
    }),
    { numRuns: 400 },
  );
});

test('a minority that fails never ends in a loss', () => {
  fc.assert(
    fc.property(fc.constantFrom(3, 5), fc.array(fc.nat(20), { maxLength: 8 }), (size, victims) => {
      const world = new World(size);
      for (const which of victims) {
        disturb(world, { what: 'kill', which });
        expect(settle(world)).toBe('none');
      }
    }),
  );
});
