/** One member: its loss is a total loss, and what its archive and change log hold is what comes back. */
import { formBare, type Bare } from '../bare.ts';
import { recovered, recoveries } from '../recovered.ts';
import { Stack } from '../stack.ts';
import { Writer } from '../writer.ts';

const stack = new Stack();
let bare: Bare;
beforeAll(async () => {
  bare = await formBare(stack, 'one', 1);
});
afterAll(() => bare.remove());

test(
  'the only member dies',
  async () => {
    const writer = new Writer(bare.quorum, 'only');
    writer.start();
    await writer.more(100);
    // The first call archives, the second one ships what has changed since.
    await stack.ship(bare.name);
    await writer.more(100);
    const shippedAt = Date.now();
    await stack.ship(bare.name);
    await writer.more(100);
    const before = await recoveries(stack, bare.name);
    const victims = await bare.quorum.members();
    const killedAt = Date.now();
    await Promise.all(victims.map((victim) => bare.quorum.kill(victim)));
    await recovered(stack, { cluster: bare.name, writer, shippedAt, killedAt, before }, 'archive');
    await bare.quorum.whole(1, victims, 60_000);
    expect((await bare.record()).phase).toBe('awake');
  },
  5 * 60_000,
);
