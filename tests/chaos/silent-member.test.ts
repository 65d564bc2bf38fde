/**
 * A member that stands still, or is cut off from the network, while somebody writes: ECS sends no event for it. For a while it is
 * waited for; when it stays silent it is replaced, and nobody has to notice it.
 */
import type { ExecutionListItem } from '@aws-sdk/client-sfn';
import { formBare, type Bare } from './bare.ts';
import { followerOf, leaderOf } from './minority.ts';
import type { Member, Seen } from './quorum.ts';
import { Stack, until } from './stack.ts';
import { Writer } from './writer.ts';

const stack = new Stack();
const FORMED_MS = 180_000;
const TEST_MS = 300_000;
const STEP_MS = 120_000;
/** etcd changes its members only while they have been connected for five seconds. */
const BETWEEN_MS = 6_000;
/** Until it is given up: 40 s after it was noticed (policy.ts), at once or up to a minute later, and a round of the machine. */
const GIVEN_UP_WHEN_NOTICED_MS = 60_000;
const GIVEN_UP_BY_SCHEDULE_MS = 120_000;
const HEALTHY = 'awake True QuorumHealthy';

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const taskIds = (members: readonly Member[]) => members.map(({ taskId }) => taskId);

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

/** Whole, said to be, and nobody works on it. */
async function begin(bare: Bare, run: string) {
  await saidToBe(bare, HEALTHY);
  await wait(BETWEEN_MS);
  const before = await bare.quorum.whole(bare.members, [], STEP_MS);
  // A healthy minute: what the last harm has left in the memory of the watch is forgotten.
  await stack.watch();
  const writer = new Writer(bare.quorum, run);
  writer.start();
  await writer.more(20);
  return { before, writer };
}

async function end(writer: Writer, said: string): Promise<void> {
  await writer.more(20);
  await writer.stop();
  expect(await writer.missing()).toEqual([]);
  console.log(
    `${expect.getState().currentTestName ?? ''}: ${said}; ${writer.acknowledged.size} writes acknowledged, ` +
      `at most ${writer.longestGapMs} ms apart`,
  );
}

/**
 * Worse than any minute: looked at in the moment of the harm, so that the machine waits for the member all the time. The
 * schedule may have looked in this very moment too, and then its execution is the one.
 */
async function noticeNow({ name, members }: Bare, before: readonly ExecutionListItem[]): Promise<void> {
  const { troubled, failed } = await stack.watch();
  expect(troubled.filter(({ cluster }) => cluster === name)).toHaveLength(1);
  // What the only member has changed cannot be shipped while it is silent, and that is said.
  expect(failed.filter(({ cluster }) => cluster === name)).toHaveLength(members === 1 ? 1 : 0);
  await stack.begun('replace-member', name, before, STEP_MS);
}

async function comesBack(bare: Bare, choose: (seen: readonly Seen[]) => Seen, harm: Harm, milliseconds: number) {
  const { before, writer } = await begin(bare, `back-${Date.now()}`);
  const executions = await stack.executions('replace-member', bare.name);
  const undo = await harm(bare, choose(before));
  const harmedAt = Date.now();
  try {
    await noticeNow(bare, executions);
    await saidToBe(bare, 'awake False QuorumDegraded');
    await wait(harmedAt + milliseconds - Date.now());
  } finally {
    await undo();
  }
  await bare.quorum.whole(bare.members, [], STEP_MS);
  await saidToBe(bare, HEALTHY);
  const took = Date.now() - harmedAt - milliseconds;
  // The time after which it would have been given up is over as well.
  await wait(harmedAt + GIVEN_UP_WHEN_NOTICED_MS - Date.now());
  const after = await bare.quorum.whole(bare.members, [], STEP_MS);
  expect(taskIds(after)).toEqual(taskIds(before));
  await saidToBe(bare, HEALTHY);
  await end(writer, `healthy and said to be ${took} ms after it came back`);
}

async function isReplaced(
  bare: Bare,
  victims: readonly { readonly victim: Seen; readonly harm: Harm }[],
  limitMs?: number,
) {
  const { before, writer } = await begin(bare, `gone-${Date.now()}`);
  const gone = victims.map(({ victim }) => victim);
  const executions = await stack.executions('replace-member', bare.name);
  await Promise.all(victims.map(({ victim, harm }) => harm(bare, victim)));
  const harmedAt = Date.now();
  if (limitMs === undefined) await noticeNow(bare, executions);
  await until(`${bare.name} without a silent member`, GIVEN_UP_BY_SCHEDULE_MS + STEP_MS, async () => {
    const left = taskIds(await bare.quorum.members());
    return gone.some(({ taskId }) => !left.includes(taskId)) ? true : undefined;
  });
  const givenUp = Date.now() - harmedAt;
  await bare.quorum.voters(bare.members, gone, STEP_MS);
  const voters = Date.now() - harmedAt;
  const after = await bare.quorum.whole(bare.members, gone, STEP_MS);
  const whole = Date.now() - harmedAt;
  await end(
    writer,
    `given up after ${givenUp} ms, as many voters after ${voters} ms, all of them answer after ${whole} ms`,
  );
  expect(givenUp).toBeGreaterThan(40_000);
  expect(givenUp).toBeLessThan(limitMs ?? GIVEN_UP_WHEN_NOTICED_MS);
  const untouched = taskIds(before).filter((id) => !taskIds(gone).includes(id));
  expect(taskIds(after)).toEqual(expect.arrayContaining(untouched));
  await saidToBe(bare, HEALTHY);
}

describe('of three', () => {
  let bare: Bare;
  beforeAll(async () => {
    bare = await formBare(stack, 'silent', 3);
  }, FORMED_MS);
  afterAll(() => bare.remove());

  test.each([
    ['a follower stands still for 30 s', followerOf, pause, 30_000],
    ['the leader stands still for 30 s', leaderOf, pause, 30_000],
    ['a follower is cut off for 20 s', followerOf, cutOff, 20_000],
    ['the leader is cut off for 20 s', leaderOf, cutOff, 20_000],
  ] as const)(
    '%s and stays a member',
    (_, choose, harm, milliseconds) => comesBack(bare, choose, harm, milliseconds),
    TEST_MS,
  );

  test.each([
    ['the leader stands still for good, noticed at once', leaderOf, pause, undefined],
    ['a follower is cut off for good, noticed at once', followerOf, cutOff, undefined],
    ['a follower stands still for good, noticed by the schedule', followerOf, pause, GIVEN_UP_BY_SCHEDULE_MS],
  ] as const)(
    '%s, and is replaced by itself',
    async (_, choose, harm, limitMs) => {
      const victim = choose(await bare.quorum.whole(3, [], STEP_MS));
      await isReplaced(bare, [{ victim, harm }], limitMs);
    },
    TEST_MS,
  );
});

test(
  'two of five fall silent, each in its way, and are replaced',
  async () => {
    const bare = await formBare(stack, 'silent', 5);
    try {
      const seen = await bare.quorum.whole(5, [], STEP_MS);
      const others = seen.filter(({ leads }) => !leads);
      const victims = others.slice(0, 2).map((victim, index) => ({ victim, harm: index === 0 ? pause : cutOff }));
      await isReplaced(bare, victims);
    } finally {
      await bare.remove();
    }
  },
  TEST_MS + FORMED_MS,
);

test(
  'the only member stands still for longer than any other may, and stays',
  async () => {
    const bare = await formBare(stack, 'silent', 1);
    try {
      await comesBack(bare, leaderOf, pause, GIVEN_UP_WHEN_NOTICED_MS + 10_000);
    } finally {
      await bare.remove();
    }
  },
  TEST_MS + FORMED_MS,
);
