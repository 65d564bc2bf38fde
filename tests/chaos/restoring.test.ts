/** Everything that a restore stands on dies in its middle: all members, the function, the execution. */
import type { Bare } from './bare.ts';
import { FILLED_MS, RESTORED_MS, formFilled, recoveredByHand, whileRestored } from './filled.ts';
import { recovered } from './recovered.ts';
import { Stack } from './stack.ts';

const stack = new Stack();
let bare: Bare;

beforeAll(async () => {
  bare = await formFilled(stack, 'refilled');
}, FILLED_MS);
afterAll(() => bare.remove());

describe('all members die, and while half of the keys are back', () => {
  test(
    'all new members die: it says so, and the next recovery ends it',
    () =>
      whileRestored(
        stack,
        bare,
        (members) => members,
        async (restoring) => {
          restoring.kill();
          const { status, cause } = await stack.ended(restoring.execution, RESTORED_MS);
          expect({ status, cause }).toEqual({
            status: 'FAILED',
            cause: expect.stringContaining('MemberFailedToStart') as string,
          });
          await recoveredByHand(stack, bare, restoring);
        },
      ),
    RESTORED_MS,
  );

  test(
    'the function that restores dies: it is called again, and goes on',
    () =>
      whileRestored(
        stack,
        bare,
        () => [],
        async ({ loss }) => {
          await stack.killFunction('restoreMetadata', `"cluster": "${bare.name}"`);
          await recovered(stack, loss, 'archive');
        },
      ),
    RESTORED_MS,
  );

  test(
    'the execution is ended: the next recovery ends it',
    () =>
      whileRestored(
        stack,
        bare,
        () => [],
        async (restoring) => {
          await stack.abort(restoring.execution);
          await recoveredByHand(stack, bare, restoring);
        },
      ),
    RESTORED_MS,
  );
});
