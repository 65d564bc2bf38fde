/**
 * A collection is dropped in the minute that a total loss costs: the restored catalog has it again, but its end is in Kafka, and
 * Milvus never loads it. That must keep nobody else's requests waiting, and it can be dropped again.
 */
import { COLLECTION, connect, GOALS, prove } from '../../local/demo/prove.ts';
import { DEMO } from '../../local/stack/cluster.ts';
import { create, drop, insert, names } from './collections.ts';
import { useDemo } from './demo.ts';
import { awake, recoveries } from './recovered.ts';

const { settings, stack, quorum, entry, show } = useDemo();
const DROPPED = 'dropped';
const BEGUN_MS = 180_000;
const TEST_MS = 8 * 60_000;

test(
  'a collection that was dropped right before all members die',
  async () => {
    const client = connect(await entry());
    try {
      await create(client, DROPPED);
      await insert(client, DROPPED, 0, 100);
      await stack.ship(DEMO);
      await drop(client, DROPPED);
      const before = await recoveries(stack, DEMO);
      const killedAt = Date.now();
      await Promise.all((await quorum.members()).map((member) => quorum.kill(member)));
      await awake(stack, await stack.begun('recover-quorum', DEMO, before, BEGUN_MS));
      console.log(`awake again after ${Date.now() - killedAt} ms, in ${settings.stage}`);

      expect(await names(client, [COLLECTION])).toEqual([DROPPED]);
      const view = await show();
      expect(view?.phase).toBe('awake');
      const compute = view?.conditions.find(({ type }) => type === 'ComputeReady');
      expect(compute).toMatchObject({ status: 'False', reason: 'CollectionsNotLoaded' });
      expect(compute?.message).toContain(DROPPED);
      expect((await prove(await entry(), () => undefined)).recallAt10).toBeGreaterThanOrEqual(GOALS.recallAt10);

      await drop(client, DROPPED);
      expect(await names(client, [COLLECTION])).toEqual([]);
    } finally {
      await client.closeConnection();
    }
  },
  TEST_MS,
);
