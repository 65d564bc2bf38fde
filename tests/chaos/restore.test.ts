/**
 * People go back to a state: to an archive, to a moment, and back again, with a real Milvus that has gone on meanwhile. What
 * is searchable afterwards has to be exactly what was there at that moment.
 */
import { DeleteObjectCommand, ListBucketsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { MilvusClient } from '@zilliz/milvus2-sdk-node';
import { COLLECTION, GOALS, connect, prove } from '../../local/demo/prove.ts';
import { callApi } from '../../local/stack/api.ts';
import { clientConfig } from '../../local/stack/aws.ts';
import { create, drop, ids, insert, names, nearest, remove } from './collections.ts';
import { useDemo } from './demo.ts';

const NAME = 'undone';
const { settings, stack, show, quorum, entry, apiUrl } = useDemo(NAME);
const s3 = new S3Client({ ...clientConfig(settings), forcePathStyle: true });
const RESTORED_MS = 5 * 60_000;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

async function api(method: 'GET' | 'POST', path: string, body?: object, headers = {}) {
  return callApi(settings, apiUrl(), {
    method,
    path: `/clusters/${NAME}${path}`,
    ...(body === undefined ? {} : { body }),
    headers,
  });
}

interface Execution<Result> {
  readonly name: string;
  readonly status: string;
  readonly result: Result;
  readonly error?: string;
  readonly cause?: string;
}

/** Asks for it, and reads the result where the answer says. */
async function follow<Result>(method: 'GET' | 'POST', path: string, body?: object): Promise<Execution<Result>> {
  const headers = method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {};
  const { status, body: first } = await api(method, path, body, headers);
  expect([200, 202]).toContain(status);
  let seen = first as Execution<Result>;
  const deadline = Date.now() + RESTORED_MS;
  while (seen.status === 'RUNNING') {
    if (Date.now() > deadline) throw new Error(`${seen.name} still runs`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    seen = (await api('GET', `/executions/${seen.name}`)).body as Execution<Result>;
  }
  return seen;
}

interface Plan {
  readonly verdict: string;
  readonly error?: string;
  readonly lost: string;
  readonly check: {
    readonly files: {
      missing: number;
      named: number;
      firstFiles: string[];
      collections: number;
      firstCollections: string[];
      firstSegments: string[];
    };
  };
}
interface Restored {
  readonly phase: string;
  readonly undo: string;
}
interface Taken {
  readonly archive: { readonly name: string; readonly createdAt: string };
  readonly flushed: { readonly done: boolean; readonly reason: string };
}

async function takeArchive(): Promise<Taken> {
  const { status, result } = await follow<Taken>('POST', '/archives');
  expect([status, result.flushed]).toEqual(['SUCCEEDED', { done: true, reason: expect.any(String) as string }]);
  return result;
}

async function restore(choice: object): Promise<Restored> {
  const started = Date.now();
  const ended = await follow<Restored>('POST', '/actions/restore', choice);
  expect(ended).toMatchObject({ status: 'SUCCEEDED', result: { phase: 'awake' } });
  console.log(`restored ${JSON.stringify(choice)} within ${Date.now() - started} ms`);
  return ended.result;
}

/** What a client sees now, through a connection of its own: the collections of these names, and their rows. */
async function seen(prefix: string): Promise<Record<string, number[]>> {
  return withClient(async (client) => {
    const found: Record<string, number[]> = {};
    for (const name of await names(client, [COLLECTION])) {
      if (name.startsWith(prefix)) found[name.slice(prefix.length)] = await ids(client, name);
    }
    return found;
  });
}

async function withClient<T>(work: (client: MilvusClient) => Promise<T>): Promise<T> {
  const client = connect(await entry());
  try {
    await client.connectPromise;
    return await work(client);
  } finally {
    await client.closeConnection();
  }
}

/** After a restart of every role the segments of before are there, not only the rows in memory. */
async function expectWhole(): Promise<void> {
  const proof = await prove(await entry(), () => undefined);
  expect(Object.keys(proof.timings)).not.toContain('insert');
  expect(proof.recallAt10).toBeGreaterThanOrEqual(GOALS.recallAt10);
  expect((await quorum.whole(3, [], 60_000)).length).toBe(3);
}

test(
  'to an archive, and undone: exactly the collections and rows of that moment',
  async () => {
    const at = (name: string) => `a_${name}`;
    await withClient(async (client) => {
      await create(client, at('kept'));
      await create(client, at('dropped'));
      await insert(client, at('kept'), 0, 100);
      await insert(client, at('dropped'), 0, 50);
    });
    const { archive } = await takeArchive();
    await withClient(async (client) => {
      await insert(client, at('kept'), 100, 200);
      await remove(client, at('kept'), [3, 4]);
      await drop(client, at('dropped'));
      await create(client, at('later'));
      await insert(client, at('later'), 0, 10);
    });
    const later = { kept: range(0, 200).filter((id) => id !== 3 && id !== 4), later: range(0, 10) };
    expect(await seen('a_')).toEqual(later);

    const { undo } = await restore({ archive: archive.name });
    expect(await seen('a_')).toEqual({ dropped: range(0, 50), kept: range(0, 100) });
    expect(await withClient((client) => nearest(client, at('kept'), 42))).toBe(42);
    await withClient((client) => insert(client, at('kept'), 500, 510));
    expect((await seen('a_'))['kept']).toEqual([...range(0, 100), ...range(500, 510)]);
    const view = await show();
    expect(view?.lastRestore).toMatchObject({ archive: archive.name, undo, missingFiles: 0 });
    // Milvus may mark a segment as flushed a while after its rows are in the bucket; nothing else is to be said.
    expect(view?.lastRestore?.notes.filter((note) => !note.includes('were not marked as flushed'))).toEqual([]);
    await expectWhole();

    await restore({ archive: undo });
    expect(await seen('a_')).toEqual(later);
    await expectWhole();
  },
  3 * RESTORED_MS,
);

test(
  'to a moment between two shipped changes',
  async () => {
    await withClient(async (client) => {
      await create(client, 'm_one');
      await insert(client, 'm_one', 0, 20);
      await client.flushSync({ collection_names: ['m_one'] });
    });
    await stack.ship(NAME);
    const moment = new Date().toISOString();
    await withClient(async (client) => {
      await create(client, 'm_two');
      await drop(client, 'm_one');
    });
    await stack.ship(NAME);
    const unshipped = new Date(Date.now() - 1).toISOString();
    const tooLate = await follow<Plan>('POST', '/actions/restore', { time: unshipped, dryRun: true });
    // The schedule may ship in this very moment, and then the log reaches to where it was asked for.
    expect(tooLate).toMatchObject(
      tooLate.status === 'SUCCEEDED'
        ? { result: { verdict: 'recover' } }
        : {
            status: 'FAILED',
            error: 'ArchiveUnusable',
            cause: expect.stringMatching(/reaches to .* before .* Choose a moment up to there/) as string,
          },
    );

    await restore({ time: moment });
    expect(await seen('m_')).toEqual({ one: range(0, 20) });
    await expectWhole();
  },
  2 * RESTORED_MS,
);

test(
  'files that are gone are listed by a dry run, and refuse the restore',
  async () => {
    await withClient(async (client) => {
      await create(client, 'f_rows');
      await insert(client, 'f_rows', 0, 100);
    });
    const { archive } = await takeArchive();
    const choice = { archive: archive.name };
    const whole = await follow<Plan>('POST', '/actions/restore', { ...choice, dryRun: true });
    expect(whole.result).toMatchObject({ verdict: 'recover', check: { files: { missing: 0 } } });

    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    const bucket = Buckets.find(({ Name }) => Name?.startsWith(`redkite-${settings.stage}-objects`))?.Name;
    const { collectionId } = await withClient(async (client) => ({
      collectionId: (await client.describeCollection({ collection_name: 'f_rows' })).collectionID,
    }));
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: `clusters/${NAME}/insert_log/${collectionId}/` }),
    );
    const victim = Contents[0]?.Key ?? '';
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: victim }));

    const plan = await follow<Plan>('POST', '/actions/restore', { ...choice, dryRun: true });
    expect(plan.result).toMatchObject({ verdict: 'refused', error: 'FilesMissing' });
    expect(plan.result.check.files).toMatchObject({
      missing: 1,
      collections: 1,
      firstCollections: [collectionId],
      firstFiles: [victim.replace(`clusters/${NAME}/`, '')],
    });
    const before = await show();
    const refused = await follow('POST', '/actions/restore', choice);
    expect(refused).toMatchObject({ status: 'FAILED', error: 'FilesMissing' });
    expect(await show()).toEqual(before);
    await withClient((client) => drop(client, 'f_rows'));
  },
  RESTORED_MS,
);
