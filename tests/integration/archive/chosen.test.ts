/** After a restore that people chose, the newest state there is is the one that they chose. */
import { listArchives } from '../../../functions/common/archive/read.ts';
import { writeArchive } from '../../../functions/common/archive/write.ts';
import { systemClock } from '../../../functions/common/lambda/polling.ts';
import { planRecovery } from '../../../functions/plan-recovery/plan.ts';
import { restoreMetadata } from '../../../functions/restore-metadata/restore.ts';
import { catalogIn, catalogOf, fill, temporaryStore } from '../../fixtures/archive.ts';
import { startEtcd } from '../../fixtures/etcd.ts';

const CLUSTER = 'demo';
const BUDGET_MS = 60_000;
const store = temporaryStore();
afterAll(() => {
  store.clear();
});

const nobody = () => {
  throw new Error('nobody is there');
};

test('a quorum that is lost right after such a restore is recovered to the chosen state', async () => {
  const left = await startEtcd({ token: 'left' });
  const written = async () =>
    writeArchive(left.client, store, {
      ...{ cluster: CLUSTER, milvusVersion: '2.3.5', mode: 'linearizable', now: new Date() },
    });
  await fill(left.client, 100);
  const chosen = await written();
  await fill(left.client, 50, 20, 100);
  const before = await written();
  await left.close();

  const made = await startEtcd({ token: 'made' });
  try {
    const deps = { store, etcd: made.client, clock: systemClock };
    const wanted = { cluster: CLUSTER, archive: chosen.name, revision: chosen.revision };
    expect(await restoreMetadata(deps, { ...wanted, skipTo: new Date().toISOString() }, BUDGET_MS)).toMatchObject({
      done: true,
      keys: 100,
    });
    const { usable } = await listArchives(store, { cluster: CLUSTER, now: new Date() });
    const newest = usable.at(-1);
    expect(newest?.name).not.toBe(before.name);
    expect(newest?.verifiedAt).toBeDefined();
    if (newest !== undefined) expect(await catalogIn(store, newest.manifest)).toEqual(await catalogOf(made.client));
    const plan = await planRecovery({ store, objects: store, connect: nobody }, CLUSTER, [], new Date());
    expect(plan).toMatchObject({ verdict: 'recover', source: { kind: 'archive', name: newest?.name } });

    // Where nobody chose, the newest archive is the one that was restored.
    const others = usable.length;
    expect(await restoreMetadata(deps, wanted, BUDGET_MS).catch((error: unknown) => error)).toMatchObject({
      name: 'QuorumNotEmpty',
    });
    expect((await listArchives(store, { cluster: CLUSTER, now: new Date() })).usable).toHaveLength(others);
  } finally {
    await made.close();
  }
});

test('a restore is done although its state cannot be archived', async () => {
  const made = await startEtcd({ token: 'refusing' });
  try {
    const [first] = (await listArchives(store, { cluster: CLUSTER, now: new Date() })).usable;
    const refusing = { ...store, put: () => Promise.reject(new Error('AccessDenied')) };
    const result = await restoreMetadata(
      { store: refusing, etcd: made.client, clock: systemClock },
      {
        ...{ cluster: CLUSTER, archive: first?.name ?? '', revision: first?.manifest.revision ?? 0 },
        skipTo: new Date().toISOString(),
      },
      BUDGET_MS,
    );
    expect(result).toMatchObject({ done: true, keys: 100 });
  } finally {
    await made.close();
  }
});
