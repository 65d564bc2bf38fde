/**
 * Three members, of which one is lost, and lost again while it comes back: the moment is found in the list of members and in
 * the history of the execution that replaces it, not by the clock.
 */
import { formBare, type Bare } from '../bare.ts';
import { followerOf, healed, leaderOf } from '../minority.ts';
import { Stack } from '../stack.ts';

const stack = new Stack();
const STEP_MS = 60_000;
let bare: Bare;
beforeAll(async () => {
  bare = await formBare(stack, 'three', 3);
});
afterAll(() => bare.remove());

test('the leader dies', async () => {
  await healed(bare, async (seen) => {
    const victim = leaderOf(seen);
    await bare.quorum.kill(victim);
    return [victim];
  });
});

test('a member dies while it joins as a learner', async () => {
  await healed(bare, async (seen) => {
    const victim = followerOf(seen);
    await bare.quorum.kill(victim);
    await bare.quorum.learner(leaderOf(seen), STEP_MS);
    const next = await bare.quorum.successor(victim, STEP_MS);
    await bare.quorum.kill(next);
    return [victim, next];
  });
});

test('a member dies while it is promoted', async () => {
  await healed(bare, async (seen) => {
    const victim = followerOf(seen);
    const before = await stack.executions('replace-member', bare.name);
    await bare.quorum.kill(victim);
    const execution = await stack.begun('replace-member', bare.name, before, STEP_MS);
    const next = await bare.quorum.successor(victim, STEP_MS);
    const shoot = await bare.quorum.aimAt([next]);
    // The first time removes and adds; the second, after the launch, promotes.
    await stack.entered(execution, 'AdvanceQuorum', STEP_MS, 2);
    shoot();
    return [victim, next];
  });
});

test('task events come twice, late and in the wrong order', async () => {
  const { after } = await healed(bare, async (seen) => {
    const victim = followerOf(seen);
    const running = await bare.quorum.describe(victim);
    await bare.quorum.kill(victim);
    const next = await bare.quorum.successor(victim, STEP_MS);
    const stopped = await bare.quorum.describe(victim);
    // What a replaced task once was, and how it ended, told again while its successor joins.
    await stack.sendTaskEvents([stopped, running, stopped, await bare.quorum.describe(next), running]);
    return [victim];
  });
  const before = await bare.quorum.registered();
  expect(before).toEqual(after.map(({ address }) => address).toSorted());
  const details = await Promise.all(after.map((member) => bare.quorum.describe(member)));
  // All of them once more, backwards, and as they were before they ran.
  const early = details.map((detail) => ({ ...detail, lastStatus: 'PENDING', version: 1, attachments: [] }));
  await healed(bare, async (_, writer) => {
    await stack.sendTaskEvents([...details, ...early, ...details.toReversed()]);
    await writer.more(50);
    return [];
  });
  expect(await bare.quorum.registered()).toEqual(before);
  expect((await bare.quorum.members()).map(({ taskId }) => taskId)).toEqual(after.map(({ taskId }) => taskId));
});
