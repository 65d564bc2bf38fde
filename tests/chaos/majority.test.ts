/** Two of three tasks are stopped at once: the one that is left knows everything, and is no quorum. */
import { formBare, type Bare } from './bare.ts';
import { recovered, recoveries } from './recovered.ts';
import { Stack } from './stack.ts';
import { Writer } from './writer.ts';

const stack = new Stack();
const WHOLE_MS = 60_000;
let bare: Bare;
beforeAll(async () => {
  bare = await formBare(stack, 'two', 3);
});
afterAll(() => bare.remove());

test('two of three tasks are stopped at once, the leader among them', async () => {
  const seen = await bare.quorum.whole(3, [], WHOLE_MS);
  const writer = new Writer(bare.quorum, 'stopped');
  writer.start();
  await writer.more(20);
  const shippedAt = Date.now();
  await stack.ship(bare.name);
  await writer.more(100);
  const before = await recoveries(stack, bare.name);
  const victims = seen.toSorted((a, b) => Number(b.leads) - Number(a.leads)).slice(0, 2);
  const killedAt = Date.now();
  await Promise.all(victims.map((victim) => bare.quorum.stop(victim)));
  await recovered(stack, { cluster: bare.name, writer, shippedAt, killedAt, before }, 'survivor');
  await bare.quorum.whole(3, victims, WHOLE_MS);
  expect((await bare.record()).phase).toBe('awake');
});
