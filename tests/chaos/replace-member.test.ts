/**
 * Members of a real quorum are lost in every way a single one can be, while somebody writes and Milvus is searched: the
 * quorum has to be whole again by itself, without an acknowledged write missing or a search failing.
 */
import { useDemo } from './demo.ts';
import type { Member, Seen } from './quorum.ts';
import { startSearching, type Searcher } from './searcher.ts';
import { until } from './stack.ts';
import { Writer } from './writer.ts';

const { settings, quorum, show } = useDemo();
const TIMEOUT_MS = 60_000;
/** Milvus' client of etcd does not notice a member that says nothing: its sessions have to last longer (60 s). */
const SILENT_MS = 30_000;

const leader = (seen: readonly Seen[]) => seen.filter(({ leads }) => leads);
const follower = (seen: readonly Seen[]) => seen.filter(({ leads }) => !leads).slice(0, 1);

let searcher: Searcher | undefined;
afterEach(() => searcher?.stop());

async function conditionOfMetadata(): Promise<string> {
  const view = await show();
  const condition = view?.conditions.find(({ type }) => type === 'MetadataReady');
  return `${view?.phase ?? 'gone'} ${condition?.status ?? ''} ${condition?.reason ?? ''}`;
}

test.each([
  ['a follower dies', follower, (member: Member) => quorum.kill(member)],
  ['the leader dies', leader, (member: Member) => quorum.kill(member)],
  ['a follower is asked to stop', follower, (member: Member) => quorum.stop(member)],
  ['the leader is asked to stop', leader, (member: Member) => quorum.stop(member)],
  [
    'a follower dies twice',
    follower,
    async (member: Member) => {
      await quorum.kill(member);
      await quorum.kill(await quorum.successor(member, TIMEOUT_MS));
    },
  ],
])('%s', async (what, choose, harm) => {
  const before = await quorum.whole(3, [], TIMEOUT_MS);
  const victims = choose(before);
  expect(victims).toHaveLength(1);
  const writer = new Writer(quorum, what.replaceAll(' ', '-'));
  writer.start();
  searcher = await startSearching(settings);
  const started = Date.now();
  await Promise.all(victims.map(harm));
  await quorum.voters(3, victims, TIMEOUT_MS);
  const tolerant = Date.now() - started;
  const after = await quorum.whole(3, victims, TIMEOUT_MS);
  const took = Date.now() - started;
  await writer.stop();
  const { searches, failures } = await searcher.stop();

  console.log(
    `${what}: three voters again after ${tolerant} ms, all of them answer after ${took} ms; ${writer.acknowledged.size} writes acknowledged, ` +
      `at most ${writer.longestGapMs} ms apart; ${searches} searches, ${failures.length} failed`,
  );
  expect(after.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2]);
  expect(await writer.missing()).toEqual([]);
  expect(failures).toEqual([]);
  // The members that nobody touched are the same ones.
  const untouched = before.filter(({ taskId }) => !victims.some((victim) => victim.taskId === taskId));
  expect(after.map(({ taskId }) => taskId)).toEqual(expect.arrayContaining(untouched.map(({ taskId }) => taskId)));
  await until('the cluster says that its quorum is healthy', TIMEOUT_MS, async () =>
    (await conditionOfMetadata()) === 'awake True QuorumHealthy' ? true : undefined,
  );
});

test('the leader stands still for 30 s, and nobody who searches notices', async () => {
  const before = await quorum.whole(3, [], TIMEOUT_MS);
  const [victim] = leader(before);
  if (victim === undefined) throw new Error('The quorum has no leader.');
  const writer = new Writer(quorum, 'silent-leader');
  writer.start();
  searcher = await startSearching(settings);
  const resume = await quorum.pause(victim);
  try {
    // How long it is silent is what is tried out.
    await new Promise((resolve) => setTimeout(resolve, SILENT_MS));
  } finally {
    resume();
  }
  const after = await quorum.whole(3, [], TIMEOUT_MS);
  await writer.more(20);
  await writer.stop();
  const { searches, failures } = await searcher.stop();
  console.log(
    `the leader stands still for 30 s: ${writer.acknowledged.size} writes acknowledged, at most ${writer.longestGapMs} ms apart; ` +
      `${searches} searches, ${failures.length} failed`,
  );
  expect(await writer.missing()).toEqual([]);
  expect(failures).toEqual([]);
  expect(after.map(({ taskId }) => taskId)).toEqual(before.map(({ taskId }) => taskId));
  await until('the cluster says that its quorum is healthy', TIMEOUT_MS, async () =>
    (await conditionOfMetadata()) === 'awake True QuorumHealthy' ? true : undefined,
  );
});
