/**
 * Gathers what a lost quorum could be restored from: the members that still answer, each by what it holds itself, and the
 * newest archive that is whole, with the change log after it. Runs inside the VPC and changes nothing but
 * the note beside an archive that it was found whole.
 */
import { replay } from '../common/archive/replay.ts';
import { ArchiveError } from '../common/archive/manifest.ts';
import { listArchives, loadManifest, verifyArchive } from '../common/archive/read.ts';
import { holdsCatalog, isHalfRestored, survivingHistory } from '../common/archive/own-keys.ts';
import type { ObjectStore } from '../common/archive/store/store.ts';
import { checkCatalog, describeFiles } from '../common/catalog/missing.ts';
import type { EtcdClient } from '../common/etcd/client.ts';
import { boundedText } from '../common/lambda/bounded.ts';
import { messageOf } from '../common/lambda/errors.ts';
import { decideRecovery, type RecoveryPlan, type Restorable, type Survivor } from '../common/recovery/decide.ts';

/** `dataCoord.gc.dropTolerance` of Milvus. */
const GARBAGE_TOLERANCE_MS = 3 * 3_600_000;

export interface PlanRecoveryDeps {
  readonly store: ObjectStore;
  /** What Milvus wrote, below its own root. */
  readonly objects: ObjectStore;
  readonly connect: (endpoint: string) => EtcdClient;
}

export async function planRecovery(
  { store, objects, connect }: PlanRecoveryDeps,
  cluster: string,
  endpoints: readonly string[],
  now: Date,
): Promise<RecoveryPlan> {
  const notes: string[] = [];
  const survivors = await Promise.all(
    endpoints.map((endpoint) =>
      askSurvivor(connect, endpoint).catch((error: unknown) => {
        notes.push(`${endpoint} cannot be read: ${messageOf(error)}`);
        return undefined;
      }),
    ),
  );
  const archive = await newestWhole(store, cluster, now, notes);
  const plan = decideRecovery({
    survivors: survivors.filter((survivor) => survivor !== undefined),
    archive,
    notes,
    garbageToleranceMs: GARBAGE_TOLERANCE_MS,
    now,
  });
  // A younger state names no file that Milvus could have removed: its recovery need not wait for a look at the bucket.
  if (plan.verdict !== 'recover' || plan.lostMs <= GARBAGE_TOLERANCE_MS || plan.source.kind !== 'archive') return plan;
  return { ...plan, notes: [...plan.notes, await missingFiles({ store, objects }, cluster, plan.source, now)] };
}

/** For the people who read the plan: a state that cannot be compared with the bucket is restored all the same. */
async function missingFiles(
  { store, objects }: Pick<PlanRecoveryDeps, 'store' | 'objects'>,
  cluster: string,
  { name, revision }: { readonly name: string; readonly revision: number },
  now: Date,
): Promise<string> {
  try {
    const manifest = await loadManifest(store, name, { cluster, now });
    const { blocks } = await replay(store, manifest, { revision });
    const { files } = await checkCatalog(blocks, objects, cluster);
    return describeFiles(files);
  } catch (error) {
    return boundedText(
      `Which of the files that this state names are still in the bucket could not be found out: ${messageOf(error)}`,
    );
  }
}

export async function askSurvivor(connect: PlanRecoveryDeps['connect'], endpoint: string): Promise<Survivor> {
  const client = connect(endpoint);
  try {
    const { revision } = await client.status();
    // What an earlier recovery left behind when it died is no state to go back to.
    if (await isHalfRestored(client)) throw new Error('it holds a part of a restore');
    if (!(await holdsCatalog(client))) throw new Error('it is empty');
    return { endpoint, revision, history: await survivingHistory(client) };
  } finally {
    client.close();
  }
}

/** From the newest on, with its log as far as that is whole: what is not is named in the notes, and an older one is looked at. */
async function newestWhole(
  store: ObjectStore,
  cluster: string,
  now: Date,
  notes: string[],
): Promise<Restorable | undefined> {
  const { usable, unusable } = await listArchives(store, { cluster, now });
  notes.push(...unusable.map(({ error }) => error.message));
  for (const { name } of usable.toReversed()) {
    try {
      const { manifest } = await verifyArchive(store, name, { cluster, now });
      const { revision, asOf, damage } = await replay(store, manifest, { asFarAsWhole: true });
      notes.push(...damage.map(({ message }) => message));
      return { name, history: manifest.history, revision, asOf };
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      notes.push(error.message);
    }
  }
  return undefined;
}
