/**
 * A nap longer than Kafka keeps the log and longer than any lag that Milvus bears. Milvus and Kafka really live eight days later
 * afterwards (clock.ts): Kafka's own retention, a week by default, has cleaned the log behind every position that Milvus goes on
 * from. Everything has to be found again, and nothing that is acknowledged from the first moment on may be lost.
 * What it leaves has lived in the future: throw it away (`npm run clean`).
 */
import type { MilvusClient } from '@zilliz/milvus2-sdk-node';
import { checked } from '../../functions/common/milvus/status.ts';
import { connect, GOALS, prove } from '../../local/demo/prove.ts';
import { down } from '../../local/down.ts';
import { localSettings } from '../../local/settings.ts';
import { DEMO } from '../../local/stack/cluster.ts';
import { bringUp, entryOf } from '../../local/up.ts';
import { until } from '../chaos/stack.ts';
import { refuseShifted, restoreClock, shiftClock } from './clock.ts';
import { act, proxyAddress } from './nap.ts';
import { count, create, find, flushAll, ids, insert, range } from './rows.ts';
import { restartBroker, topicRanges } from './wal.ts';

const settings = localSettings();
const FIRST_START_MS = 20 * 60_000;
const TEST_MS = 15 * 60_000;
const EIGHT_DAYS = 8 * 86_400;
/** Kafka looks at what it may clean half a minute after its start. */
const CLEANED_MS = 180_000;
const PROXY_MS = 180_000;

const LOADED = 'nap_loaded';
/** Data nodes take their channels one after the other: the more, the longer the last ones are without anybody who reads them. */
const UNLOADED = Array.from({ length: 12 }, (_, n) => `nap_unloaded_${n}`);
const ROWS = 2_000;
const DELETED = 100;
const BATCH = 50;
/** Of the first row that is written after the nap. */
const AFTER = 10_000;
let apiUrl = '';

beforeAll(async () => {
  refuseShifted(settings);
  ({ apiUrl } = await bringUp(settings));
}, FIRST_START_MS);

afterAll(async () => {
  // For taking a closer look afterwards.
  if (process.env['REDKITE_KEEP'] !== undefined) return;
  restoreClock(settings);
  await down(settings);
});

async function client(address?: string): Promise<MilvusClient> {
  const found = connect(address === undefined ? await entryOf(settings) : { address: `${address}:19530` });
  await found.connectPromise;
  return found;
}

async function writeBefore(): Promise<void> {
  const milvus = await client();
  await create(milvus, LOADED, 2);
  checked('load', await milvus.loadCollectionSync({ collection_name: LOADED }));
  for (const name of UNLOADED) {
    await create(milvus, name, 1);
    await insert(milvus, name, range(0, BATCH));
  }
  // Acknowledged and never flushed by whoever wrote it: in Kafka alone until the flush of the sleep.
  await insert(milvus, LOADED, range(0, ROWS));
  const deleted = range(0, DELETED).join(',');
  checked('delete', (await milvus.deleteEntities({ collection_name: LOADED, expr: `id in [${deleted}]` })).status);
  await milvus.closeConnection();
}

/** One row a collection and round, before the load balancer lets anybody in and before data nodes know of their channels. */
async function writeAtOnce(awake: () => boolean): Promise<Map<string, number[]>> {
  const address = await proxyAddress(settings, PROXY_MS);
  const milvus = await until('a proxy answers', PROXY_MS, () =>
    Promise.race([client(address), new Promise<never>((_, reject) => setTimeout(reject, 1_500))]).catch(
      () => undefined,
    ),
  );
  const acknowledged = new Map(UNLOADED.map((name) => [name, [] as number[]]));
  for (let id = AFTER; !awake(); id += 1) {
    for (const [name, rows] of acknowledged) {
      // Refused while the roles start; what is acknowledged counts.
      await insert(milvus, name, [id]).then(
        () => rows.push(id),
        () => undefined,
      );
    }
  }
  await milvus.closeConnection();
  return acknowledged;
}

async function wake(): Promise<Map<string, number[]>> {
  let awake = false;
  const [acknowledged] = await Promise.all([
    writeAtOnce(() => awake),
    act(settings, apiUrl, 'wake', 'awake').finally(() => {
      awake = true;
    }),
  ]);
  return acknowledged;
}

test(
  'eight days later, with the log cleaned',
  async () => {
    await writeBefore();
    await act(settings, apiUrl, 'sleep', 'asleep');

    const written = await topicRanges(settings, DEMO);
    expect(written.filter(({ start, end }) => end > start).length).toBeGreaterThan(UNLOADED.length / 2);
    await shiftClock(settings, EIGHT_DAYS);
    await restartBroker(settings);
    await until('retention has cleaned the log', CLEANED_MS, async () => {
      const ranges = await topicRanges(settings, DEMO);
      return ranges.every(({ start, end }) => start === end) ? true : undefined;
    });

    const acknowledged = await wake();
    const after = await client();
    // The first answers, at once and without a second try.
    expect(await find(after, LOADED, ROWS - 1)).toBe(ROWS - 1);
    expect(await count(after, LOADED)).toBe(ROWS - DELETED);
    await insert(after, LOADED, range(AFTER, BATCH));
    expect(await count(after, LOADED)).toBe(ROWS - DELETED + BATCH);
    const proof = await prove(await entryOf(settings), () => undefined);
    expect(proof.recallAt10).toBeGreaterThanOrEqual(GOALS.recallAt10);
    expect(Object.keys(proof.timings)).not.toContain('load');

    await flushAll(after);
    const lost: Record<string, number[]> = {};
    for (const [name, rows] of acknowledged) {
      expect(rows.length).toBeGreaterThan(0);
      checked('load', await after.loadCollectionSync({ collection_name: name }));
      const found = await ids(after, name);
      const expected = [...range(0, BATCH), ...rows];
      lost[name] = expected.filter((id) => !found.has(id));
    }
    process.stderr.write(
      `acknowledged: ${JSON.stringify([...acknowledged].map(([, rows]) => rows.length))}, ` +
        `lost: ${JSON.stringify(Object.values(lost).map((rows) => rows.length))}\n`,
    );
    expect(lost).toEqual(Object.fromEntries(UNLOADED.map((name) => [name, []])));
    // From S3 alone.
    checked('release', await after.releaseCollection({ collection_name: LOADED }));
    checked('load', await after.loadCollectionSync({ collection_name: LOADED }));
    expect(await count(after, LOADED)).toBe(ROWS - DELETED + BATCH);
    expect(await find(after, LOADED, AFTER + BATCH - 1)).toBe(AFTER + BATCH - 1);
    await after.closeConnection();
  },
  TEST_MS,
);
