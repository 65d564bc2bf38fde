/**
 * What dies while a quorum's keys are read into an archive, found by what S3 holds at that moment; and a member that dies while
 * they are put back.
 */
import { listArchives, verifyArchive } from '../../functions/common/archive/read.ts';
import type { Bare } from './bare.ts';
import { FILLED_MS, RESTORED_MS, formFilled, whileRestored } from './filled.ts';
import { healed, leaderOf } from './minority.ts';
import { recovered } from './recovered.ts';
import { Stack, until } from './stack.ts';

const stack = new Stack();
const STEP_MS = 60_000;
const ARCHIVED_MS = 120_000;
let bare: Bare;

beforeAll(async () => {
  bare = await formFilled(stack, 'kept');
}, FILLED_MS);
afterAll(() => bare.remove());

test('the leader dies while the quorum is archived', async () => {
  const store = await stack.archives(bare.name);
  const expected = () => ({ cluster: bare.name, now: new Date() });
  await healed(bare, async (seen) => {
    const victim = leaderOf(seen);
    const kill = await bare.quorum.aimAt([victim]);
    const execution = await stack.start('archive-metadata', { cluster: bare.name });
    await until('an archive that is being written', STEP_MS, async () =>
      (await listArchives(store, expected())).unfinished.length > 0 ? true : undefined,
    );
    const killedAt = Date.now();
    kill();
    const { status, error, output, stoppedAt } = await stack.ended(execution, ARCHIVED_MS);
    expect(stoppedAt).toBeGreaterThan(killedAt);
    const { usable, unusable } = await listArchives(store, expected());
    // It went on with another member, or says that it could not; what looks like an archive is one, either way.
    if (status === 'SUCCEEDED') {
      const { archive } = output as { archive: { name: string } };
      expect(usable.map(({ name }) => name)).toContain(archive.name);
    } else {
      expect(error).toBe('MetadataUnreachable');
    }
    expect(unusable).toEqual([]);
    for (const { name } of usable) await verifyArchive(store, name, expected());
    return [victim];
  });
  const again = await stack.ended(await stack.start('archive-metadata', { cluster: bare.name }), ARCHIVED_MS);
  expect(again).toMatchObject({
    status: 'SUCCEEDED',
    output: { archive: { verifiedAt: expect.any(String) as string } },
  });
});

test(
  'all members die, and a new one while half of the keys are back: the recovery ends all the same',
  () =>
    whileRestored(
      stack,
      bare,
      (members) => members.slice(1, 2),
      async ({ loss, kill }) => {
        kill();
        await recovered(stack, loss, 'archive');
      },
    ),
  RESTORED_MS,
);
