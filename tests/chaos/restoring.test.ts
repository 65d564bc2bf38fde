/** Everything that a restore stands on dies in its middle: all members, the function, the execution. */
import type { Bare } from './bare.ts';
import { FILLED_MS, RESTORED_MS, formFilled, recoveredByHand, whileRestored } from './filled.ts';
import { recovered, recoveredBy } from './recovered.ts';
import { Stack } from './stack.ts';

const stack = new Stack();
const STEP_MS = 120_000;
let bare: Bare;

beforeAll(async () => {
  bare = await formFilled(stack, 'refilled');
}, FILLED_MS);
afterAll(() => bare.remove());

describe('all members die, and while half of the keys are back', () => {
  test(
    'all new members die: that recovery says so, and is tried again by itself after a minute',
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
            cause: expect.stringContaining('MemberLost') as string,
          });
          const known = [...restoring.loss.before, { executionArn: restoring.execution }];
          const again = await stack.begun('recover-quorum', bare.name, known, STEP_MS);
          await recoveredBy(stack, restoring.loss, again, 'archive');
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
