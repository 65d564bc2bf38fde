/**
 * A member that stands still, or is cut off from the network, while somebody writes: ECS sends no event for it. For a while it is
 * waited for; when it stays silent it is replaced, and nobody has to notice it.
 */
import { formBare, type Bare } from './bare.ts';
import { followerOf, followersOf, leaderOf } from './minority.ts';
import type { Member, Seen } from './quorum.ts';
import { Stack, until } from './stack.ts';
import { Writer } from './writer.ts';

const stack = new Stack();
const TEST_MS = 300_000;
const STEP_MS = 120_000;
/** Before it nobody may be given up (policy.ts). */
const WAITED_FOR_MS = 40_000;
/** After it a member that is silent for good is: noticed within a minute, waited for, and a round of the machine. */
const GIVEN_UP_MS = 240_000;
const HEALTHY = 'awake True QuorumHealthy';

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const taskIds = (members: readonly Member[]) => members.map(({ taskId }) => taskId);

type Choose = (seen: readonly Seen[]) => Seen;
type Harm = (bare: Bare, member: Member) => Promise<() => Promise<void>>;
const pause: Harm = async ({ quorum }, member) => {
  const resume = await quorum.pause(member);
  return () => {
    resume();
    return Promise.resolve();
  };
};
const cutOff: Harm = ({ quorum }, member) => quorum.cutOff(member);

/** Resolves when the record says so. */
async function saidToBe({ name, record }: Bare, wanted: string): Promise<void> {
  await until(`${name} said to be ${wanted}`, STEP_MS, async () => {
    const { phase, conditions } = await record();
    const { status, reason } = conditions.MetadataReady;
    return `${phase} ${status} ${reason}` === wanted ? true : undefined;
  });
}

/** What is done to a quorum of so many members while somebody writes, without an acknowledged write missing afterwards. */
async function witnessed(what: string, members: Bare['members'], harm: (bare: Bare) => Promise<string>): Promise<void> {
  const bare = await formBare(stack, 'silent', members);
  const writer = new Writer(bare.quorum, 'silent');
  try {
    await saidToBe(bare, HEALTHY);
    writer.start();
    await writer.more(20);
    const said = await harm(bare);
    await writer.more(20);
    await writer.stop();
    expect(await writer.missing()).toEqual([]);
    await saidToBe(bare, HEALTHY);
    console.log(
      `${what}: ${said}; ${writer.acknowledged.size} writes acknowledged, at most ${writer.longestGapMs} ms apart`,
    );
  } finally {
    await writer.stop();
    await bare.remove();
  }
}

/** The minutely watch, whose second look is seconds after the first. */
async function noticeNow({ name }: Bare): Promise<void> {
  const { troubled } = await stack.watch();
  expect(troubled.filter(({ cluster }) => cluster === name)).toHaveLength(1);
  await stack.begun('replace-member', name, [], STEP_MS);
}

const comesBack = (
  what: string,
  {
    members,
    choose,
    harm,
    milliseconds,
  }: Readonly<{ members: Bare['members']; choose: Choose; harm: Harm; milliseconds: number }>,
) =>
  witnessed(what, members, async (bare) => {
    const before = await bare.quorum.whole(members, [], STEP_MS);
    const undo = await harm(bare, choose(before));
    const harmedAt = Date.now();
    // How long it is silent is what is tried out, whatever else takes its time meanwhile.
    const undone = wait(milliseconds).then(undo);
    // Worse than any minute: the machine looks from the first moment on, and waits for the member all the time.
    await stack.start('replace-member', { cluster: bare.name, reason: 'a member is silent' });
    await Promise.all([undone, saidToBe(bare, 'awake False QuorumDegraded')]);
    // The machine that counted against it finds it healthy, and ends: nobody counts any more.
    const executions = await stack.executions('replace-member', bare.name);
    const ends = await Promise.all(executions.map(({ executionArn = '' }) => stack.ended(executionArn, STEP_MS)));
    expect(ends.map(({ status }) => status)).toEqual(executions.map(() => 'SUCCEEDED'));
    expect(ends.map(({ output }) => output)).toContainEqual(expect.objectContaining({ outcome: 'healthy' }));
    const took = Date.now() - harmedAt - milliseconds;
    const after = await bare.quorum.whole(members, [], STEP_MS);
    expect(taskIds(after)).toEqual(taskIds(before));
    return `said to be healthy ${took} ms after it came back`;
  });

const isReplaced = (
  what: string,
  {
    members,
    choose,
    notice,
  }: Readonly<{
    members: Bare['members'];
    choose: (seen: readonly Seen[]) => readonly (readonly [Seen, Harm])[];
    notice: 'at once' | 'by the schedule';
  }>,
) =>
  witnessed(what, members, async (bare) => {
    const before = await bare.quorum.whole(members, [], STEP_MS);
    const victims = choose(before);
    const gone = victims.map(([victim]) => victim);
    await Promise.all(victims.map(([victim, harm]) => harm(bare, victim)));
    const harmedAt = Date.now();
    if (notice === 'at once') await noticeNow(bare);
    await until(`${bare.name} without a silent member`, GIVEN_UP_MS, async () => {
      const left = taskIds(await bare.quorum.members());
      return gone.some(({ taskId }) => !left.includes(taskId)) ? true : undefined;
    });
    const givenUp = Date.now() - harmedAt;
    await bare.quorum.voters(members, gone, STEP_MS);
    const voters = Date.now() - harmedAt;
    const after = await bare.quorum.whole(members, gone, STEP_MS);
    const whole = Date.now() - harmedAt;
    expect(givenUp).toBeGreaterThan(WAITED_FOR_MS);
    const untouched = taskIds(before).filter((id) => !taskIds(gone).includes(id));
    expect(taskIds(after)).toEqual(expect.arrayContaining(untouched));
    return `given up after ${givenUp} ms, as many voters after ${voters} ms, all of them answer after ${whole} ms`;
  });

// Each on a quorum of its own, several at the same time (local/suites.ts): there is little to do but to wait.
test.concurrent.each([
  ['a follower stands still for 30 s', { members: 3, choose: followerOf, harm: pause, milliseconds: 30_000 }],
  ['the leader stands still for 30 s', { members: 3, choose: leaderOf, harm: pause, milliseconds: 30_000 }],
  ['a follower is cut off for 20 s', { members: 3, choose: followerOf, harm: cutOff, milliseconds: 20_000 }],
  ['the leader is cut off for 20 s', { members: 3, choose: leaderOf, harm: cutOff, milliseconds: 20_000 }],
  [
    'the only member stands still for longer than any other may',
    { members: 1, choose: leaderOf, harm: pause, milliseconds: WAITED_FOR_MS + 20_000 },
  ],
] as const)('%s, and stays a member', comesBack, TEST_MS);

test.concurrent.each([
  [
    'the leader stands still for good, noticed at once',
    { members: 3, choose: (seen) => [[leaderOf(seen), pause]], notice: 'at once' },
  ],
  [
    'a follower is cut off for good, noticed at once',
    { members: 3, choose: (seen) => [[followerOf(seen), cutOff]], notice: 'at once' },
  ],
  [
    // Or by the looks that the other tests take meanwhile: they are for all clusters, as the minute's are.
    'a follower stands still for good, noticed by the schedule',
    { members: 3, choose: (seen) => [[followerOf(seen), pause]], notice: 'by the schedule' },
  ],
  [
    'two of five fall silent, each in its way',
    {
      members: 5,
      choose: (seen) =>
        followersOf(seen)
          .slice(0, 2)
          .map((victim, index) => [victim, index === 0 ? pause : cutOff] as const),
      notice: 'at once',
    },
  ],
] satisfies [string, Parameters<typeof isReplaced>[1]][])('%s, and is replaced by itself', isReplaced, TEST_MS);
