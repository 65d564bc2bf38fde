/** Five members: two of them at once are a minority. */
import { formBare, type Bare } from '../bare.ts';
import { followerOf, followersOf, healed, leaderOf } from '../minority.ts';
import { Stack } from '../stack.ts';

const stack = new Stack();
const STEP_MS = 60_000;
let bare: Bare;
beforeAll(async () => {
  bare = await formBare(stack, 'five', 5);
});
afterAll(() => bare.remove());

test('the leader and a follower die at once', async () => {
  await healed(bare, async (seen) => {
    const victims = [leaderOf(seen), followerOf(seen)];
    await Promise.all(victims.map((victim) => bare.quorum.kill(victim)));
    return victims;
  });
});

test('two tasks are stopped at once', async () => {
  await healed(bare, async (seen) => {
    const victims = followersOf(seen).slice(0, 2);
    await Promise.all(victims.map((victim) => bare.quorum.stop(victim)));
    return victims;
  });
});

test('the leader dies while a learner joins', async () => {
  await healed(bare, async (seen) => {
    const victim = followerOf(seen);
    const leader = leaderOf(seen);
    const killLeader = await bare.quorum.aimAt([leader]);
    await bare.quorum.kill(victim);
    await bare.quorum.learner(leader, STEP_MS);
    killLeader();
    return [victim, leader];
  });
});
