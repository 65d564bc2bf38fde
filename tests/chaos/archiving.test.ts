/**
 * Members that die while their keys are read into an archive, and while an archive is put back: 150,000 keys, so that there is
 * a "while", found by what S3 and the new quorum hold at that moment.
 */
import { listArchives, verifyArchive } from '../../functions/common/archive/read.ts';
import { connectEtcd } from '../../functions/common/etcd/client.ts';
import { fill } from '../fixtures/archive.ts';
import { formBare, type Bare } from './bare.ts';
import { healed, leaderOf } from './minority.ts';
import { etcd, type Member } from './quorum.ts';
import { recovered, recoveries, recoveryBegun } from './recovered.ts';
import { Stack, until } from './stack.ts';
import { Writer } from './writer.ts';

const stack = new Stack();
const KEYS = 150_000;
const STEP_MS = 60_000;
const ARCHIVED_MS = 120_000;
/** Where a restore keeps its progress (common/archive/restore.ts). */
const PROGRESS = { key: '_redkite/restore/lane-', range_end: '_redkite/restore/lane.' };
let bare: Bare;

/** Lanes of a restore that have put something, as this member knows it. */
async function batchesIn({ address }: Member): Promise<number> {
  const { count } = await etcd(address, 'kv/range', {
    key: Buffer.from(PROGRESS.key).toString('base64'),
    range_end: Buffer.from(PROGRESS.range_end).toString('base64'),
    count_only: true,
    serializable: true,
  });
  return Number(count ?? 0);
}

beforeAll(async () => {
  bare = await formBare(stack, 'kept', 3);
  const members = await bare.quorum.members();
  const client = connectEtcd(
    members.map(({ address }) => `${address}:2379`),
    { timeoutMs: 30_000 },
  );
  try {
    await fill(client, KEYS);
  } finally {
    client.close();
  }
}, 5 * 60_000);
afterAll(() => bare.remove());

test('the leader dies while the quorum is archived', async () => {
  const store = await stack.archives(bare.name);
  const expected = () => ({ cluster: bare.name, now: new Date() });
  await healed(bare, async (seen) => {
    const execution = await stack.start('archive-metadata', { cluster: bare.name });
    await until('an archive that is being written', STEP_MS, async () =>
      (await listArchives(store, expected())).unfinished.length > 0 ? true : undefined,
    );
    const victim = leaderOf(seen);
    const killedAt = Date.now();
    await bare.quorum.kill(victim);
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
  'all members die, and a new one while it is restored',
  async () => {
    const writer = new Writer(bare.quorum, 'restoring');
    writer.start();
    await writer.more(100);
    await stack.ship(bare.name);
    await writer.more(100);
    const before = await recoveries(stack, bare.name);
    const bootstraps = await stack.executions('bootstrap-quorum', bare.name);
    const old = await bare.quorum.members();
    const killedAt = Date.now();
    await Promise.all(old.map((victim) => bare.quorum.kill(victim)));
    const loss = { cluster: bare.name, writer, killedAt, before };
    await recoveryBegun(stack, loss);
    const bootstrap = await stack.begun('bootstrap-quorum', bare.name, bootstraps, ARCHIVED_MS);
    const members = await until('three new members', ARCHIVED_MS, async () => {
      const now = (await bare.quorum.members()).filter(({ taskId }) => !old.some((gone) => gone.taskId === taskId));
      return now.length === 3 ? now : undefined;
    });
    const [first, victim] = members;
    if (first === undefined || victim === undefined) throw new Error('No member runs.');
    // From etcd alone: a look at the execution or at ECS may take longer than the restore.
    await until('a restore that has begun', ARCHIVED_MS, async () =>
      (await batchesIn(first).catch(() => 0)) > 0 ? true : undefined,
    );
    await stack.entered(bootstrap, 'RestoreMetadata', STEP_MS);
    await bare.quorum.kill(victim);
    await recovered(stack, loss, 'archive');
    await bare.quorum.whole(3, [...old, victim], STEP_MS);
  },
  8 * 60_000,
);
