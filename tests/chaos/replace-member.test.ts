/**
 * Members of a real quorum are lost in every way a single one can be, while somebody writes and Milvus is searched: the
 * quorum has to be whole again by itself, without an acknowledged write missing or a search failing.
 */
import { loadDigits } from '../../local/demo/digits.ts';
import { COLLECTION, connect } from '../../local/demo/prove.ts';
import { entryOf } from '../../local/up.ts';
import { useDemo } from './demo.ts';
import type { Member, Seen } from './quorum.ts';
import { until } from './stack.ts';
import { Writer } from './writer.ts';

const { settings, quorum, show } = useDemo();
const TIMEOUT_MS = 60_000;

const leader = (seen: readonly Seen[]) => seen.filter(({ leads }) => leads);
const follower = (seen: readonly Seen[]) => seen.filter(({ leads }) => !leads).slice(0, 1);

/** Searches until told to stop; what failed is kept. Light, so that it does not take from what is measured. */
async function searching(): Promise<() => Promise<{ searches: number; failures: string[] }>> {
  const client = connect(await entryOf(settings));
  await client.connectPromise;
  const [query] = loadDigits().heldOut;
  if (query === undefined) throw new Error('There is no digit to search for.');
  const failures: string[] = [];
  let searches = 0;
  let stopped = false;
  const run = async () => {
    while (!stopped) {
      const { status } = await client.search({
        collection_name: COLLECTION,
        data: [[...query.vector]],
        limit: 1,
        // Asks Milvus for a timestamp of this moment, which the root coordinator takes from etcd.
        consistency_level: 0,
      });
      searches += 1;
      if (status.error_code !== 'Success') failures.push(`${status.error_code}: ${status.reason}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const done = run().catch((error: unknown) => failures.push(String(error)));
  return async () => {
    stopped = true;
    await done;
    await client.closeConnection();
    return { searches, failures };
  };
}

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
  const searched = await searching();
  const started = Date.now();
  await Promise.all(victims.map(harm));
  await quorum.voters(3, victims, TIMEOUT_MS);
  const tolerant = Date.now() - started;
  const after = await quorum.whole(3, victims, TIMEOUT_MS);
  const took = Date.now() - started;
  await writer.stop();
  const { searches, failures } = await searched();

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
