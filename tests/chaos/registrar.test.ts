/** The function that every task event ends in fails half of its calls: members are replaced all the same, only later. */
import { formBare, type Bare } from './bare.ts';
import { followerOf, healed, leaderOf } from './minority.ts';
import { Stack } from './stack.ts';

const stack = new Stack();
const HEALED_MS = 4 * 60_000;
let bare: Bare;
beforeAll(async () => {
  bare = await formBare(stack, 'half', 3);
  // Counted by what the events are about, so that the clusters of other files are left alone.
  await stack.failEvery('registerTask', 2, `member:${bare.name}:`);
});
afterAll(async () => {
  await stack.failEvery('registerTask', 0);
  await bare.remove();
});

test.each([
  ['a follower dies', followerOf],
  ['the leader dies', leaderOf],
] as const)(
  'the registrar fails half the time, and %s',
  async (_, choose) => {
    await healed(bare, async (seen) => {
      const victim = choose(seen);
      await bare.quorum.kill(victim);
      return [victim];
    });
    const voters = await bare.quorum.whole(3, [], HEALED_MS);
    expect(await bare.quorum.registered()).toEqual(voters.map(({ address }) => address).toSorted());
  },
  HEALED_MS,
);
