/**
 * Every member of a quorum is replaced by one of the next minor version, while somebody writes and Milvus is searched; then
 * the same quorum is maintained. No acknowledged write may be missing, no search may fail. On a stack of its own, because
 * what members are made of belongs to the whole deployment.
 */
import { down } from '../../local/down.ts';
import { ensureImages, ensurePreviousEtcdImage, type Images } from '../../local/images/images.ts';
import { showCluster } from '../../local/stack/api.ts';
import { DEMO } from '../../local/stack/cluster.ts';
import { deploy } from '../../local/stack/deploy.ts';
import { bringUp } from '../../local/up.ts';
import { etcd, Quorum } from '../chaos/quorum.ts';
import { startSearching, type Searcher } from '../chaos/searcher.ts';
import { Stack, type Execution } from '../chaos/stack.ts';
import { Writer } from '../chaos/writer.ts';

const stack = new Stack();
const { settings } = stack;
const quorum = new Quorum(stack, DEMO);
const FIRST_START_MS = 20 * 60_000;
const UPGRADED_MS = 6 * 60_000;
let images: Images;
let previous: string;
let apiUrl = '';
let searcher: Searcher | undefined;

beforeAll(async () => {
  const report = (line: string) => {
    process.stderr.write(`${line}\n`);
  };
  images = await ensureImages(settings, report);
  previous = await ensurePreviousEtcdImage(settings, report);
  ({ apiUrl } = await bringUp(settings, previous));
}, FIRST_START_MS);
afterEach(() => searcher?.stop());
afterAll(async () => {
  // For taking a closer look afterwards.
  if (process.env['REDKITE_KEEP'] === undefined) await down(settings);
});

/** By hand, as from the console. */
const execute = async (machine: string, input: object): Promise<Execution> =>
  stack.ended(await stack.start(machine, input), UPGRADED_MS);

async function versions(): Promise<string[]> {
  const members = await quorum.members();
  const statuses = await Promise.all(members.map(({ address }) => etcd(address, 'maintenance/status', {})));
  return statuses.map(({ version }) => String(version));
}

async function metadataCondition(): Promise<string> {
  const view = await showCluster(settings, apiUrl, DEMO);
  const condition = view?.conditions.find(({ type }) => type === 'MetadataReady');
  return `${view?.phase ?? 'gone'} ${condition?.status ?? ''} ${condition?.reason ?? ''}`;
}

/** While `work` goes on somebody writes and searches. */
async function undisturbed(what: string, work: () => Promise<void>): Promise<void> {
  const writer = new Writer(quorum, what.replaceAll(' ', '-'));
  writer.start();
  searcher = await startSearching(settings);
  const started = Date.now();
  await work();
  const took = Date.now() - started;
  await writer.stop();
  const { searches, failures } = await searcher.stop();
  console.log(
    `${what}: ${took} ms; ${writer.acknowledged.size} writes acknowledged, at most ${writer.longestGapMs} ms apart; ` +
      `${searches} searches, ${failures.length} failed`,
  );
  expect(writer.acknowledged.size).toBeGreaterThan(0);
  expect(searches).toBeGreaterThan(0);
  expect(await writer.missing()).toEqual([]);
  expect(failures).toEqual([]);
}

test(
  'a rolling upgrade to the next minor version replaces all members',
  async () => {
    const before = await quorum.whole(3, [], 60_000);
    expect(new Set((await versions()).map((version) => version.split('.').slice(0, 2).join('.')))).toEqual(
      new Set(['3.5']),
    );
    await deploy(settings, { milvusImage: images.milvus, etcdImage: images.etcd });
    const plan = await execute('replace-member', { cluster: DEMO, upgrade: true, dryRun: true });
    expect(plan).toMatchObject({ status: 'SUCCEEDED', output: { plan: { replaces: ['etcd-0', 'etcd-1', 'etcd-2'] } } });
    expect((await quorum.members()).map(({ taskId }) => taskId)).toEqual(before.map(({ taskId }) => taskId));

    await undisturbed('a rolling upgrade', async () => {
      const ended = await execute('replace-member', { cluster: DEMO, upgrade: true });
      expect([ended.status, ended.cause]).toEqual(['SUCCEEDED', undefined]);
      await quorum.whole(3, before, 60_000);
    });
    expect(new Set((await versions()).map((version) => version.split('.').slice(0, 2).join('.')))).toEqual(
      new Set(['3.6']),
    );
    expect(await metadataCondition()).toBe('awake True QuorumHealthy');
    const again = await execute('replace-member', { cluster: DEMO, upgrade: true, dryRun: true });
    expect(again.output).toMatchObject({ plan: { verdict: 'none', replaces: [] } });
  },
  UPGRADED_MS,
);

test(
  'going back a minor version is refused, and changes nothing',
  async () => {
    const before = await quorum.whole(3, [], 60_000);
    await deploy(settings, { milvusImage: images.milvus, etcdImage: previous });
    const ended = await execute('replace-member', { cluster: DEMO, upgrade: true });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'UpgradeRefused' });
    expect(ended.cause).toContain('is a downgrade of a minor version');
    expect((await quorum.members()).map(({ taskId }) => taskId)).toEqual(before.map(({ taskId }) => taskId));
    expect(await metadataCondition()).toBe('awake True QuorumHealthy');
    await deploy(settings, { milvusImage: images.milvus, etcdImage: images.etcd });
  },
  UPGRADED_MS,
);

test('maintenance that a person wants disturbs nobody', async () => {
  // The change log has to have been shipped: the schedule does that every minute.
  const archived = await execute('archive-metadata', { cluster: DEMO });
  expect(archived.status).toBe('SUCCEEDED');
  await undisturbed('maintenance', async () => {
    const plan = await execute('maintain-quorum', { cluster: DEMO, thorough: true, dryRun: true });
    expect(plan).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'planned' } });
    const ended = await execute('maintain-quorum', { cluster: DEMO, thorough: true });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'done' } });
  });
  expect(await metadataCondition()).toBe('awake True QuorumHealthy');
});
