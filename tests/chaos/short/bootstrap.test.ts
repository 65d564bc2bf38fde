/**
 * Members that die while their quorum is formed. It must come to be all the same, with every member in one cluster, or the
 * bootstrap must say that it did not; two quorums must not.
 */
import { planBare, type Bare } from '../bare.ts';
import { Stack, until } from '../stack.ts';
import { Writer } from '../writer.ts';

const stack = new Stack();
const STEP_MS = 60_000;
const ENDED_MS = 120_000;
const bares: Bare[] = [];
afterAll(() => Promise.all(bares.map((bare) => bare.remove())));

/** Somebody waits for the metadata and writes from the first moment on; returns what is to be called at the end. */
function written(bare: Bare): () => Promise<void> {
  const writer = new Writer(bare.quorum, 'forming');
  writer.start();
  return async () => {
    await writer.more(20);
    await writer.stop();
    expect(await writer.missing()).toEqual([]);
  };
}

test.each([
  ['as soon as it runs', () => Promise.resolve()],
  ['when all run and are asked', (execution: string) => stack.entered(execution, 'ProbeQuorum', STEP_MS)],
] as const)('a member dies %s', async (_, moment) => {
  const bare = await planBare(stack, 'forming', 3);
  bares.push(bare);
  const check = written(bare);
  const execution = await bare.bootstrap();
  const victim = await until('a member that runs', STEP_MS, async () => (await bare.quorum.members())[0]);
  await moment(execution);
  await bare.quorum.kill(victim);
  const { status, error, cause } = await stack.ended(execution, ENDED_MS);
  expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED', error: undefined, cause: undefined });
  await bare.serve();
  const members = await bare.quorum.whole(3, [victim], ENDED_MS);
  expect(members.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2]);
  await check();
});

test('the bootstrap itself dies, and another one goes on', async () => {
  const bare = await planBare(stack, 'again', 3);
  bares.push(bare);
  const check = written(bare);
  const first = await bare.bootstrap();
  await stack.entered(first, 'AwaitMembers', STEP_MS);
  await stack.abort(first);
  const second = await bare.bootstrap();
  const { status, error, cause } = await stack.ended(second, ENDED_MS);
  expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED', error: undefined, cause: undefined });
  await bare.quorum.whole(3, [], ENDED_MS);
  await check();
});
