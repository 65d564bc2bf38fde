/** What must hold of every loss of a minority, whatever was lost and when. */
import type { Bare } from './bare.ts';
import type { Member, Seen } from './quorum.ts';
import { until } from './stack.ts';
import { Writer } from './writer.ts';

const HEALED_MS = 120_000;

export interface Healed {
  readonly tookMs: number;
  readonly after: readonly Seen[];
  readonly writer: Writer;
}

/**
 * Harms a quorum while somebody writes, and returns when it is whole again: without an acknowledged write missing, with the
 * members that nobody touched. `harm` returns the members it took, those that came in between included.
 */
export async function healed(
  { name, members, quorum, record }: Bare,
  harm: (seen: readonly Seen[], writer: Writer) => Promise<readonly Pick<Member, 'taskId'>[]>,
): Promise<Healed> {
  const before = await quorum.whole(members, [], HEALED_MS);
  const { generation } = await record();
  const writer = new Writer(quorum, `run-${Date.now()}`);
  writer.start();
  await writer.more(20);
  const started = Date.now();
  const victims = await harm(before, writer);
  const after = await quorum.whole(members, victims, HEALED_MS);
  const tookMs = Date.now() - started;
  await writer.more(20);
  await writer.stop();
  expect(await writer.missing()).toEqual([]);
  const untouched = before.filter(({ taskId }) => !victims.some((victim) => victim.taskId === taskId));
  const left = after.filter(({ taskId }) => untouched.some((member) => member.taskId === taskId));
  expect(left.map(({ taskId }) => taskId)).toEqual(untouched.map(({ taskId }) => taskId));
  // No new quorum has taken the place of the old one.
  expect(new Set([...before, ...after].map(({ clusterId }) => clusterId)).size).toBe(1);
  await until(`${name} says that its quorum is healthy`, HEALED_MS, async () => {
    const { conditions } = await record();
    return conditions.MetadataReady.status === 'True' ? true : undefined;
  });
  const { phase, generation: now } = await record();
  expect({ phase, generation: now }).toEqual({ phase: 'awake', generation });
  console.log(
    `${expect.getState().currentTestName ?? ''}: whole again after ${tookMs} ms; ${writer.acknowledged.size} writes acknowledged, ` +
      `at most ${writer.longestGapMs} ms apart`,
  );
  return { tookMs, after, writer };
}

export const leaderOf = (seen: readonly Seen[]): Seen => {
  const leader = seen.find(({ leads }) => leads);
  if (leader === undefined) throw new Error('The quorum has no leader.');
  return leader;
};
export const followersOf = (seen: readonly Seen[]): Seen[] => seen.filter(({ leads }) => !leads);
export const followerOf = (seen: readonly Seen[]): Seen => {
  const [follower] = followersOf(seen);
  if (follower === undefined) throw new Error('The quorum has no follower.');
  return follower;
};
