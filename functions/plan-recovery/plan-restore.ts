/**
 * Gathers what people have to know of the state that they chose, before anything is stopped: it is read through, compared
 * with the bucket, and the present state is looked for, which will be archived first. Changes nothing but the note beside
 * an archive that it was found whole.
 */
import { ArchiveError, type Manifest } from '../common/archive/manifest.ts';
import { listArchives, loadManifest, readArchive, verifyArchive } from '../common/archive/read.ts';
import { replay } from '../common/archive/replay.ts';
import type { ObjectStore } from '../common/archive/store/store.ts';
import { checkCatalog } from '../common/catalog/missing.ts';
import type { Blocks } from '../common/catalog/files.ts';
import { isEtcdError } from '../common/etcd/client.ts';
import { FIRST_KEY } from '../common/etcd/messages.ts';
import { boundedNames } from '../common/lambda/bounded.ts';
import { messageOf } from '../common/lambda/errors.ts';
import type { RestoreChoice } from '../common/recovery/choice.ts';
import { decideRestore, type Present, type RestorePlan } from '../common/recovery/decide-restore.ts';
import { askSurvivor, type PlanRecoveryDeps } from './plan.ts';

export interface PlanRestoreDeps extends PlanRecoveryDeps {
  /** What Milvus wrote, below its own root. */
  readonly objects: ObjectStore;
}

export interface PlanRestoreInput {
  readonly cluster: string;
  readonly choice: RestoreChoice;
  readonly allowMissing: boolean;
  /** host:port of the members that run. */
  readonly endpoints: readonly string[];
  /** Of the quorum when it is whole. */
  readonly members: number;
}

/** Throws ArchiveUnusable where there is no such state, or where it is not whole. */
export async function planRestore(deps: PlanRestoreDeps, input: PlanRestoreInput, now: Date): Promise<RestorePlan> {
  const { store, objects, connect } = deps;
  const { cluster, choice, allowMissing, endpoints, members } = input;
  const notes: string[] = [];
  const chosen =
    'archive' in choice
      ? await archiveNamed(store, cluster, choice.archive, now)
      : await stateAt(store, cluster, choice.time, now, notes);
  const [present, check] = await Promise.all([
    findPresent(connect, endpoints, members),
    checkCatalog(chosen.blocks, objects, cluster),
  ]);
  const { name, revision, asOf } = chosen;
  return decideRestore({ source: { name, revision, asOf }, present, check, allowMissing, notes, now });
}

interface ChosenState {
  readonly name: string;
  readonly revision: number;
  /** ISO 8601 */
  readonly asOf: string;
  readonly blocks: Blocks;
}

async function archiveNamed(store: ObjectStore, cluster: string, name: string, now: Date): Promise<ChosenState> {
  const { manifest } = await verifyArchive(store, name, { cluster, now });
  const { revision, createdAt } = manifest;
  return { name, revision, asOf: createdAt, blocks: () => readArchive(store, manifest) };
}

/** The newest archive before that moment, and the log after it up to there. */
async function stateAt(
  store: ObjectStore,
  cluster: string,
  time: string,
  now: Date,
  notes: string[],
): Promise<ChosenState> {
  const wanted = new Date(time).toISOString();
  if (wanted > now.toISOString()) throw new ArchiveError('future', `${wanted} is in the future.`);
  const { usable, unusable } = await listArchives(store, { cluster, now });
  notes.push(...unusable.map(({ error }) => error.message));
  const before = usable.findLast(({ manifest }) => manifest.createdAt <= wanted);
  if (before === undefined) {
    const oldest = usable[0]?.manifest.createdAt;
    throw new ArchiveError(
      'missing',
      `There is no archive from before ${wanted}` + (oldest === undefined ? '.' : `; the oldest is from ${oldest}.`),
    );
  }
  await verifyArchive(store, before.name, { cluster, now });
  const manifest: Manifest = await loadManifest(store, before.name, { cluster, now });
  const replayed = await replay(store, manifest, { time: wanted });
  if (
    !(await isCovered(
      store,
      manifest,
      wanted,
      usable.some((other) => other.manifest.createdAt > wanted),
    ))
  ) {
    throw new ArchiveError(
      'future',
      `The change log of archive ${before.name} reaches to ${replayed.asOf}, before ${wanted}. Choose a moment up to there.`,
    );
  }
  return { name: before.name, revision: replayed.revision, asOf: replayed.asOf, blocks: replayed.blocks };
}

/** Something was shipped or archived after that moment: so what is missing between did not happen. */
async function isCovered(store: ObjectStore, manifest: Manifest, wanted: string, archivedSince: boolean) {
  if (archivedSince) return true;
  try {
    return (await replay(store, manifest)).asOf >= wanted;
  } catch (error) {
    // A gap behind that moment: the log reaches beyond it.
    if (error instanceof ArchiveError && error.problem === 'gap') return true;
    throw error;
  }
}

async function findPresent(
  connect: PlanRecoveryDeps['connect'],
  endpoints: readonly string[],
  members: number,
): Promise<Present> {
  const reasons: string[] = [];
  let best: Extract<Present, { kind: 'survivor' }> | undefined;
  for (const endpoint of endpoints) {
    try {
      const { revision } = await askSurvivor(connect, endpoint);
      if (best === undefined || revision > best.revision) best = { kind: 'survivor', endpoint, revision };
    } catch (error) {
      reasons.push(`${endpoint}: ${messageOf(error)}`);
    }
  }
  if (best === undefined) {
    return { kind: 'none', reason: reasons.length === 0 ? 'no member runs' : boundedNames(reasons, '; ') };
  }
  if (endpoints.length <= members / 2) return best;
  const client = connect(best.endpoint);
  try {
    const { revision } = await client.range({ key: FIRST_KEY });
    return { kind: 'quorum', revision };
  } catch (error) {
    if (!isEtcdError(error)) throw error;
    return best;
  } finally {
    client.close();
  }
}
