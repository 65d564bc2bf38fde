/**
 * Restore: an archive (and the change log after it) into an empty quorum, then proof that the quorum holds exactly that.
 *
 * Batches are dealt out to lanes, each lane one transaction after the other. Every transaction also moves its lane's
 * progress from the batch before to this one and does nothing otherwise: so a restore that was cut off goes on where it
 * was, an answer that got lost does no harm, and two that run at once do the work of one. The progress is in the quorum
 * itself, under our own prefix, and goes last, when everything was read again and has the right count and hash.
 */
import { isEtcdError, type EtcdClient } from '../etcd/client.ts';
import { prefixEnd } from '../etcd/messages.ts';
import { RedkiteError } from '../lambda/errors.ts';
import type { Clock } from '../lambda/polling.ts';
import { ENCODED_TXN, batchesOf, encodeStep, type Batch, type BatchLimits } from './batch.ts';
import { CATALOG_RANGES, OWN_PREFIX, RESTORE_PREFIX } from './own-keys.ts';
import { digestRecords, sha256, type RecordsDigest } from './records.ts';
import { scanCatalog } from './scan.ts';

export interface RestoreSource {
  /** Says what is restored; the same for every call that is to go on with it. */
  readonly id: string;
  readonly blocks: () => AsyncIterable<Buffer>;
  /** Known beforehand for an archive alone; checked too while its records pass. */
  readonly expected?: Pick<RecordsDigest, 'keys' | 'sha256'>;
}

export interface RestoreOptions {
  readonly clock: Clock;
  /** Milliseconds since the epoch: stops before it, to be called again. */
  readonly deadline: number;
  readonly limits?: BatchLimits;
  /** Transactions at the same time. */
  readonly lanes?: number;
  readonly timeoutMs?: number;
  /** Without any answer for so long a call ends: the members may be gone for good, and whoever called looks at them. */
  readonly silenceMs?: number;
  readonly pageTimeoutMs?: number;
  readonly pageBytes?: number;
}

export type RestoreResult =
  | { readonly done: false; readonly step: 'write' | 'verify'; readonly keys: number; readonly reason: string }
  | {
      readonly done: true;
      /** The quorum holds it from an earlier call, whose answer got lost. */
      readonly already: boolean;
      readonly resumed: boolean;
      readonly keys: number;
      readonly sha256: string;
      readonly transactions: number;
      readonly writeMs: number;
      readonly verifyMs: number;
    };

/**
 * etcd's own `--max-txn-ops` 128 less the progress; a third of the request limit. Measured with keys of 50 and values of 200 bytes, three
 * members and this on two cores: 47,000 keys/s (16 lanes 41,000), without the reading again, which takes 3 to 5 us a key.
 * 25,000 to 39,000 where other work took part of the cores.
 */
export const RESTORE_DEFAULTS = {
  limits: { puts: 127, bytes: 512 * 1024 },
  lanes: 32,
  // Of a transaction. What was on its way to a leader that died gets no answer for seven seconds; asking again is safe here.
  timeoutMs: 3_000,
  // Longer than an election and the seconds above.
  silenceMs: 20_000,
  pageTimeoutMs: 30_000,
  pageBytes: 4 * 1024 * 1024,
} as const;

/**
 * For members started with `--max-txn-ops` of at least 1,001, as ours are: 61,000 keys/s in the same measurement. Neither more
 * lanes, nor larger transactions, nor members that do not wait for their disk (`--unsafe-no-fsync`) were faster.
 */
export const LARGE_TRANSACTIONS = { limits: { puts: 1_000, bytes: 512 * 1024 }, lanes: 8 } as const;

const WORK_PREFIX = RESTORE_PREFIX;
const MARKER = `${WORK_PREFIX}marker`;
const RESTORED = `${OWN_PREFIX}restored`;
const LANES = `${WORK_PREFIX}lane-`;
const laneKey = (lane: number) => `${LANES}${String(lane).padStart(3, '0')}`;
const RETRY_MS = 200;

interface Marker {
  readonly id: string;
  readonly limits: BatchLimits;
  readonly lanes: number;
}
interface Restored {
  readonly id: string;
  readonly keys: number;
  readonly sha256: string;
}

const notEmpty = (why: string) => new RedkiteError('QuorumNotEmpty', `The quorum cannot be restored into: ${why}.`);

/** Ends a call at its deadline, from wherever it is. */
class OutOfTime extends Error {}

/** Marks the empty quorum as ours, in one transaction with the proof that it is empty; or finds our own mark. */
async function begin(client: EtcdClient, wanted: Marker): Promise<Marker | Restored> {
  const text = JSON.stringify(wanted);
  const { succeeded, answers } = await client.txn({
    compare: [
      // For a range without any key etcd compares one that does not exist: its create revision is 0.
      ...CATALOG_RANGES.map((range) => ({ ...range, target: 'createRevision', is: 'equal', to: 0 }) as const),
      { key: MARKER, target: 'createRevision', is: 'equal', to: 0 },
      { key: RESTORED, target: 'createRevision', is: 'equal', to: 0 },
    ],
    success: [{ put: { key: MARKER, value: text } }],
    failure: [{ range: { key: MARKER } }, { range: { key: RESTORED } }],
  });
  if (succeeded) return wanted;
  const [marker, restored] = answers.map((answer) => ('range' in answer ? answer.range.kvs[0]?.value : undefined));
  if (marker !== undefined) {
    const known = JSON.parse(marker.toString()) as Marker;
    if (known.id !== wanted.id) throw notEmpty(`a restore of ${known.id} is under way in it`);
    return known;
  }
  if (restored !== undefined) {
    const known = JSON.parse(restored.toString()) as Restored;
    if (known.id !== wanted.id) throw notEmpty(`it was restored from ${known.id}`);
    return known;
  }
  throw notEmpty('it holds keys that no restore of ours wrote');
}

/** Before the first batch is in, other settings are as good; and they are needed where etcd refused the first ones. */
async function adoptSettings(client: EtcdClient, known: Marker, wanted: Marker): Promise<Marker> {
  const before = JSON.stringify(known);
  if (before === JSON.stringify(wanted)) return known;
  const { succeeded } = await client.txn({
    compare: [
      { key: MARKER, target: 'value', is: 'equal', to: before },
      { key: LANES, rangeEnd: prefixEnd(LANES), target: 'createRevision', is: 'equal', to: 0 },
    ],
    success: [{ put: { key: MARKER, value: JSON.stringify(wanted) } }],
  });
  return succeeded ? wanted : known;
}

async function readProgress(client: EtcdClient, lanes: number): Promise<(string | undefined)[]> {
  const { kvs } = await client.range({ key: LANES, rangeEnd: prefixEnd(LANES) });
  const known = new Map(kvs.map(({ key, value }) => [key.toString(), value.toString()]));
  return Array.from({ length: lanes }, (_, lane) => known.get(laneKey(lane)));
}

/** Sends a lane's batch until it is known to be in, or until `until` (milliseconds since the epoch) is over. */
async function applyBatch(
  client: EtcdClient,
  batch: Batch,
  lane: { key: string; from: string | undefined },
  { clock, until, timeoutMs }: { clock: Clock; until: () => number; timeoutMs: number },
): Promise<string> {
  const to = String(batch.number);
  const encoded = encodeStep({ ...lane, to }, batch.operations);
  for (;;) {
    try {
      if (await client.channels.callRaw(ENCODED_TXN, encoded, { timeoutMs, needsLeader: true })) return to;
      // Somebody moved the lane: ourselves before an answer got lost, or another call that does the same work.
      const now = (await client.get(lane.key))?.toString();
      if (now !== undefined && Number(now) >= batch.number) return now;
      throw new RedkiteError('RestoreNotVerified', `The progress of ${lane.key} went back to ${now ?? 'nothing'}.`);
    } catch (error) {
      if (!isEtcdError(error, 'unavailable', 'deadline', 'no-leader', 'too-many-requests')) throw error;
      if (clock.now() + RETRY_MS >= until()) throw new OutOfTime(error.message, { cause: error });
      await clock.sleep(RETRY_MS);
    }
  }
}

async function writeAll(
  client: EtcdClient,
  source: RestoreSource,
  marker: Marker,
  options: {
    clock: Clock;
    deadline: number;
    timeoutMs: number;
    silenceMs: number;
    onKeys: (keys: number) => void;
  },
): Promise<{ digest: RecordsDigest; transactions: number; resumed: boolean }> {
  const { clock, deadline, timeoutMs, silenceMs } = options;
  const progress = await readProgress(client, marker.lanes);
  const resumed = progress.some((value) => value !== undefined);
  const digest = digestRecords();
  const laneOf = (batch: number) => batch % marker.lanes;
  const busy = new Map<number, Promise<void>>();
  let failure: unknown;
  let transactions = 0;
  let answeredAt = clock.now();
  const until = () => Math.min(deadline, answeredAt + silenceMs);

  const batches = batchesOf(source.blocks(), marker.limits, {
    isDone: (number) => Number(progress[laneOf(number)] ?? 0) >= number,
    onBlock: digest.add,
  });
  try {
    for await (const batch of batches) {
      options.onKeys(batch.keys);
      if (batch.operations.length === 0) continue;
      const lane = laneOf(batch.number);
      await busy.get(lane);
      if (failure !== undefined) break;
      // Another call that does the same work was faster.
      if (Number(progress[lane] ?? 0) >= batch.number) continue;
      if (clock.now() >= deadline) throw new OutOfTime('the time of this call is over');
      transactions += 1;
      const step = { key: laneKey(lane), from: progress[lane] };
      const applied = applyBatch(client, batch, step, { clock, until, timeoutMs })
        .then((value) => {
          answeredAt = clock.now();
          progress[lane] = value;
        })
        .catch((error: unknown) => {
          failure ??= error;
        });
      busy.set(lane, applied);
    }
  } finally {
    await Promise.all(busy.values());
  }
  if (failure !== undefined) throw failure as Error;
  return { digest: digest.result(), transactions, resumed };
}

function mustEqual(what: string, found: RecordsDigest, expected: Pick<RecordsDigest, 'keys' | 'sha256'>): void {
  if (found.keys === expected.keys && found.sha256 === expected.sha256) return;
  throw new RedkiteError(
    'RestoreNotVerified',
    `${what} holds ${found.keys} keys with hash ${found.sha256}, and ${expected.keys} with hash ${expected.sha256} were expected.`,
  );
}

/** Reads the quorum again and compares it with what was to be restored. */
async function verify(
  client: EtcdClient,
  expected: RecordsDigest,
  { clock, deadline, ...paging }: { clock: Clock; deadline: number; pageBytes: number; pageTimeoutMs: number },
): Promise<RecordsDigest> {
  const digest = digestRecords();
  let leased = 0;
  for await (const page of scanCatalog(client, { mode: 'linearizable', ...paging })) {
    if (clock.now() >= deadline) throw new OutOfTime('the time of this call is over');
    digest.add(page.records, page.keys);
    leased += page.leased;
  }
  const found = digest.result();
  mustEqual('The quorum', found, expected);
  if (leased > 0) {
    throw new RedkiteError('RestoreNotVerified', `The quorum holds ${leased} keys with a lease: it is in use already.`);
  }
  return found;
}

/** The progress goes, and a note stays from which a repeated call sees that all is done. */
async function finish(client: EtcdClient, marker: Marker, found: RecordsDigest): Promise<void> {
  const note: Restored = { id: marker.id, keys: found.keys, sha256: found.sha256 };
  const { succeeded, answers } = await client.txn({
    compare: [{ key: MARKER, target: 'value', is: 'equal', to: JSON.stringify(marker) }],
    success: [
      { delete: { key: WORK_PREFIX, rangeEnd: prefixEnd(WORK_PREFIX) } },
      { put: { key: RESTORED, value: JSON.stringify(note) } },
    ],
    failure: [{ range: { key: RESTORED } }],
  });
  if (succeeded) return;
  const [answer] = answers;
  const known = answer !== undefined && 'range' in answer ? answer.range.kvs[0]?.value.toString() : undefined;
  if (known !== JSON.stringify(note)) {
    throw new RedkiteError('RestoreNotVerified', 'The mark of the restore was removed while it was verified.');
  }
}

export async function restore(
  client: EtcdClient,
  source: RestoreSource,
  options: RestoreOptions,
): Promise<RestoreResult> {
  const { clock, deadline, timeoutMs, silenceMs, limits, lanes, pageBytes, pageTimeoutMs } = {
    ...RESTORE_DEFAULTS,
    ...options,
  };
  const wanted = { id: source.id, limits, lanes };
  const known = await begin(client, wanted);
  if ('sha256' in known) {
    const { keys } = known;
    const restored = { keys, sha256: known.sha256, transactions: 0, writeMs: 0, verifyMs: 0 };
    return { done: true, already: true, resumed: false, ...restored };
  }
  let step: 'write' | 'verify' = 'write';
  let keys = 0;
  try {
    const started = clock.now();
    const onKeys = (more: number) => {
      keys += more;
    };
    const marker = await adoptSettings(client, known, wanted);
    const written = await writeAll(client, source, marker, { clock, deadline, timeoutMs, silenceMs, onKeys });
    if (source.expected !== undefined) mustEqual('What was read', written.digest, source.expected);
    step = 'verify';
    const verifying = clock.now();
    const found = await verify(client, written.digest, { clock, deadline, pageBytes, pageTimeoutMs });
    await finish(client, marker, found);
    return {
      ...{ done: true, already: false, resumed: written.resumed, keys: found.keys, sha256: found.sha256 },
      ...{ transactions: written.transactions, writeMs: verifying - started, verifyMs: clock.now() - verifying },
    };
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return { done: false, step, keys, reason: error.message };
  }
}

/** Of an archive and a target, whatever the order in which its parts are read. */
export const restoreId = (archive: string, target: object) =>
  `${archive}-${sha256(Buffer.from(JSON.stringify(target))).slice(0, 12)}`;
