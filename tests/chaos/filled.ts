/**
 * Quorums of 150,000 keys, so that there is a "while" in which they are read or put back; what must hold of a loss in the middle of
 * a restore, found by the keys that the new quorum holds at that moment. Nobody may ever find a part of them.
 */
import { connectEtcd } from '../../functions/common/etcd/client.ts';
import { fieldKey, fill } from '../fixtures/archive.ts';
import { formBare, type Bare } from './bare.ts';
import { countKeys, type Member } from './quorum.ts';
import { Reader } from './reader.ts';
import { awake, keepsWriting, recoveries, recoveryBegun, type Loss } from './recovered.ts';
import { until, type Stack } from './stack.ts';
import { Writer } from './writer.ts';

const KEYS = 150_000;
const FILLED = fieldKey(0).slice(0, -10);
const STEP_MS = 60_000;
const ARCHIVED_MS = 120_000;
/** For `beforeAll`. */
export const FILLED_MS = 5 * 60_000;
/** For a test that loses everything, twice at worst. */
export const RESTORED_MS = 8 * 60_000;

export async function formFilled(stack: Stack, prefix: string): Promise<Bare> {
  const bare = await formBare(stack, prefix, 3);
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
  return bare;
}

export interface Restoring {
  readonly loss: Loss;
  /** Of the recovery that began by itself. */
  readonly execution: string;
  /** Ends those of the new members that were chosen. */
  readonly kill: () => void;
}

/** Loses all members while somebody writes and somebody reads, and calls `then` in the middle of the restore. */
export async function whileRestored(
  stack: Stack,
  bare: Bare,
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
    const loss = { cluster: bare.name, writer, shippedAt, killedAt: Date.now(), before };
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
    const halfBack = async () => {
      const count = await countKeys(first.address, FILLED, 'serializable').catch(() => 0);
      if (count === KEYS) throw new Error('All keys are back already.');
      return count >= KEYS / 2 ? true : undefined;
    };
    await until('half of the keys in the new quorum', ARCHIVED_MS, halfBack, 20);
    await then({ loss, execution, kill });
    await bare.quorum.whole(3, [...old, ...victims], STEP_MS);
    expect((await bare.record()).phase).toBe('awake');
    expect(await reader.stop()).toEqual([KEYS]);
  } finally {
    await reader.stop();
  }
}

/** As a person does from the console, once the cluster says that its recovery has failed. */
export async function recoveredByHand(
  stack: Stack,
  bare: Bare,
  { loss: { writer, shippedAt } }: Restoring,
): Promise<void> {
  await writer.stop();
  await until(`${bare.name} said to have failed`, STEP_MS, async () =>
    (await bare.record()).phase === 'failed' ? true : undefined,
  );
  // From the archive, or from the new members: a function that is under way goes on when its execution is ended.
  await awake(stack, await stack.start('recover-quorum', { cluster: bare.name }));
  await keepsWriting(writer, (key) => (writer.acknowledgedAt.get(key) ?? 0) < shippedAt);
}
