/**
 * What dies while a quorum's keys are read into an archive, and while an archive is put back: 150,000 keys, so that there is
 * a "while", found by what S3 and the new quorum hold at that moment. Nobody may ever find a part of them.
 */
import { listArchives, verifyArchive } from '../../functions/common/archive/read.ts';
import { connectEtcd } from '../../functions/common/etcd/client.ts';
import { fieldKey, fill } from '../fixtures/archive.ts';
import { formBare, type Bare } from './bare.ts';
import { healed, leaderOf } from './minority.ts';
import { countKeys, type Member } from './quorum.ts';
import { Reader } from './reader.ts';
import { awake, keepsWriting, recovered, recoveries, recoveryBegun, type Loss } from './recovered.ts';
import { Stack, until } from './stack.ts';
import { Writer } from './writer.ts';

const stack = new Stack();
const KEYS = 150_000;
const FILLED = fieldKey(0).slice(0, -10);
const STEP_MS = 60_000;
const ARCHIVED_MS = 120_000;
const RESTORED_MS = 8 * 60_000;
let bare: Bare;

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

interface Restoring {
  readonly loss: Loss;
  /** Everything that was acknowledged before is in the archive and its log. Milliseconds since the epoch. */
  readonly shippedAt: number;
  /** Of the recovery that began by itself. */
  readonly execution: string;
  /** Ends those of the new members that were chosen. */
  readonly kill: () => void;
}

describe('all members die, and while half of the keys are back', () => {
  test(
    'a new member dies: the recovery ends all the same',
    () =>
      whileRestored(
        (members) => members.slice(1, 2),
        async ({ loss, kill }) => {
          kill();
          await recovered(stack, loss, 'archive');
        },
      ),
    RESTORED_MS,
  );

  test(
    'all new members die: it says so, and the next recovery ends it',
    () =>
      whileRestored(
        (members) => members,
        async (restoring) => {
          restoring.kill();
          const { status, cause } = await stack.ended(restoring.execution, RESTORED_MS);
          expect({ status, cause }).toEqual({
            status: 'FAILED',
            cause: expect.stringContaining('MemberFailedToStart') as string,
          });
          await recoveredByHand(restoring);
        },
      ),
    RESTORED_MS,
  );

  test(
    'the function that restores dies: it is called again, and goes on',
    () =>
      whileRestored(
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
        () => [],
        async (restoring) => {
          await stack.abort(restoring.execution);
          await recoveredByHand(restoring);
        },
      ),
    RESTORED_MS,
  );
});

/** Loses all members while somebody writes and somebody reads, and calls `then` in the middle of the restore. */
async function whileRestored(
  choose: (members: readonly Member[]) => readonly Member[],
  then: (restoring: Restoring) => Promise<void>,
): Promise<void> {
  const old = await bare.quorum.whole(3, [], STEP_MS);
  const writer = new Writer(bare.quorum, `restoring-${Date.now()}`);
  writer.start();
  await writer.more(50);
  const shippedAt = Date.now();
  await stack.ship(bare.name);
  await writer.more(50);
  const reader = new Reader(bare.quorum, FILLED);
  reader.start();
  try {
    const before = await recoveries(stack, bare.name);
    const killOld = await bare.quorum.aimAt(old);
    const loss = { cluster: bare.name, writer, killedAt: Date.now(), before };
    killOld();
    const execution = await recoveryBegun(stack, loss);
    const members = await until('three new members', ARCHIVED_MS, async () => {
      const now = (await bare.quorum.members()).filter(({ taskId }) => !old.some((gone) => gone.taskId === taskId));
      return now.length === 3 ? now : undefined;
    });
    const [first] = members;
    if (first === undefined) throw new Error('No member runs.');
    const victims = choose(members);
    const kill = await bare.quorum.aimAt(victims);
    // From etcd alone: a look at the execution or at ECS may take longer than the restore.
    await until('half of the keys in the new quorum', ARCHIVED_MS, async () => {
      const count = await countKeys(first.address, FILLED, 'serializable').catch(() => 0);
      if (count === KEYS) throw new Error('All keys are back already.');
      return count >= KEYS / 2 ? true : undefined;
    });
    await then({ loss, shippedAt, execution, kill });
    await bare.quorum.whole(3, [...old, ...victims], STEP_MS);
    expect((await bare.record()).phase).toBe('awake');
    expect(await reader.stop()).toEqual([KEYS]);
  } finally {
    await reader.stop();
  }
}

/** As a person does from the console, once the cluster says that its recovery has failed. */
async function recoveredByHand({ loss: { writer }, shippedAt }: Restoring): Promise<void> {
  await writer.stop();
  await until(`${bare.name} said to have failed`, STEP_MS, async () =>
    (await bare.record()).phase === 'failed' ? true : undefined,
  );
  // From the archive, or from the new members: a function that is under way goes on when its execution is ended.
  await awake(stack, await stack.start('recover-quorum', { cluster: bare.name }));
  await keepsWriting(writer, (key) => (writer.acknowledgedAt.get(key) ?? 0) < shippedAt);
}
