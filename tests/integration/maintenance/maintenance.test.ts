/**
 * The steps of the maintenance against a real quorum of three, as the machine takes them: look, decide, do one step, look
 * again. Archives and change log lie in a folder.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assessMaintenance, type AssessedMaintenance } from '../../../functions/assess-maintenance/assess.ts';
import { folderStore } from '../../../functions/common/archive/store/folder.ts';
import { DEFAULT_RETENTION } from '../../../functions/common/archive/retention.ts';
import { clusterSpecSchema } from '../../../functions/common/cluster/spec.ts';
import { connectEtcd, isEtcdError, type EtcdClient } from '../../../functions/common/etcd/client.ts';
import { archiveCluster } from '../../../functions/common/keeping/archive.ts';
import { KEEPING_POLICY } from '../../../functions/common/keeping/decide.ts';
import { keepCluster } from '../../../functions/common/keeping/keep.ts';
import { MAINTENANCE_POLICY } from '../../../functions/common/maintenance/policy.ts';
import { connectMembers, type Members } from '../../../functions/common/quorum/members.ts';
import { QUORUM_POLICY } from '../../../functions/common/quorum/policy.ts';
import { systemClock } from '../../../functions/common/lambda/polling.ts';
import { getArchiveState } from '../../../functions/common/registry/archive-state.ts';
import { maintainMembers, maintenanceStepSchema } from '../../../functions/maintain-members/maintain.ts';
import { startEtcd, type EtcdQuorum } from '../../fixtures/etcd.ts';
import { memoryRegistry } from '../../fixtures/registry.ts';

const QUOTA = 32 * 1024 ** 2;
const VALUE = Buffer.alloc(512 * 1024, 'x');
const STEPS_MAX = 20;

let quorum: EtcdQuorum;
let members: Members;
let registry: ReturnType<typeof memoryRegistry>;
const folder = mkdtempSync(join(tmpdir(), 'redkite-maintenance-'));
const store = folderStore(folder);
const record = { name: 'demo', spec: clusterSpecSchema.parse({ name: 'demo' }) };

beforeAll(async () => {
  quorum = await startEtcd({ members: 3, flags: [`--quota-backend-bytes=${QUOTA}`] });
  members = connectMembers(quorum.endpoints, 5_000, (address) => address);
  registry = memoryRegistry();
});
afterAll(async () => {
  members.close();
  await quorum.close();
  rmSync(folder, { recursive: true });
});

const connect = (addresses: readonly string[]): EtcdClient => connectEtcd(addresses, { timeoutMs: 30_000 });
const archiveDeps = () => ({ registry, store, etcd: quorum.client, retention: DEFAULT_RETENTION });
const ship = () => keepCluster(archiveDeps(), record, KEEPING_POLICY, () => new Date());

function assess(options: { since: number; thorough?: boolean }): Promise<AssessedMaintenance> {
  return assessMaintenance(
    {
      ...{ registry, connect, ask: members.ask, now: Date.now },
      policies: { quorum: QUORUM_POLICY, maintenance: { ...MAINTENANCE_POLICY, keepRevisions: 5 } },
    },
    {
      cluster: 'demo',
      observed: {
        peerUrls: quorum.members.map(({ peerUrl }) => peerUrl),
        tasks: quorum.members.map(({ endpoint }, ordinal) => ({
          ...{ ordinal, taskId: `t${ordinal}`, taskArn: `t${ordinal}`, address: endpoint },
          state: 'running' as const,
        })),
        retire: [],
      },
      memory: { since: {}, spent: [] },
      options: { thorough: false, disarmCorrupt: false, ...options },
    },
  );
}

/** As maintain-quorum does. Returns what was done, and how it ended. */
async function maintain(thorough = false): Promise<string[]> {
  const since = Date.now();
  const done: string[] = [];
  for (let n = 0; n < STEPS_MAX; n += 1) {
    const { action, reason, addresses } = await assess({ since, thorough });
    done.push(action.kind === 'give-up' ? action.error : action.kind === 'defragment' ? action.name : action.kind);
    switch (action.kind) {
      case 'none':
      case 'give-up':
        return done;
      case 'archive': {
        const request = { cluster: 'demo', release: '2.3.5', mode: 'linearizable', reason, pinned: [] } as const;
        await archiveCluster(archiveDeps(), request, new Date());
        break;
      }
      case 'compact':
      case 'defragment':
      case 'disarm':
        expect(
          await maintainMembers(
            { registry, connect, ask: members.ask, clock: systemClock },
            'demo',
            addresses,
            maintenanceStepSchema.parse(action),
          ),
        ).toMatchObject({ done: true });
        break;
      case 'wait':
      case 'replace-members':
        throw new Error(reason);
    }
  }
  throw new Error(`no end after ${done.join(', ')}`);
}

const answers = async () => (await members.ask()).flatMap((member) => ('answer' in member ? [member.answer] : []));
const kindOf = (call: Promise<unknown>) =>
  call.then(
    () => 'no error',
    (error: unknown) => (isEtcdError(error) ? error.kind : error),
  );

/** One key again and again, until etcd refuses: all history. */
async function fillWithHistory(): Promise<void> {
  let kind: unknown;
  while (kind !== 'no-space') {
    kind = await kindOf(quorum.client.put({ key: 'fill', value: VALUE }));
    expect(['no error', 'no-space']).toContain(kind);
  }
}

/** Many small keys, which fill the pages of the file, until etcd refuses. */
async function fillWithKeys(): Promise<void> {
  const value = Buffer.alloc(1024, 'x');
  let kind: unknown;
  for (let n = 0; kind !== 'no-space'; n += 1) {
    const puts = Array.from({ length: 120 }, (_, index) => ({ put: { key: `large/${n}/${index}`, value } }));
    kind = await kindOf(quorum.client.txn({ success: puts }));
    expect(['no error', 'no-space']).toContain(kind);
  }
}

/** The two followers in the order of their names, then the leader. */
async function leaderLast(): Promise<string[]> {
  const { leader } = await quorum.client.status();
  const listed = await quorum.client.memberList({ linearizable: true });
  return listed
    .toSorted((a, b) => Number(a.id === leader) - Number(b.id === leader) || a.name.localeCompare(b.name))
    .map(({ name }) => name);
}

test('history that is not in S3 is kept; what is there goes, and the log goes on without a new archive', async () => {
  for (let n = 0; n < 20; n += 1) await quorum.client.put({ key: 'k', value: String(n) });
  expect(await maintain(true)).not.toContain('compact');
  await ship();
  const { revision } = await quorum.client.range({ key: 'k' });
  expect((await maintain(true))[0]).toBe('compact');
  expect(await kindOf(quorum.client.range({ key: 'k', revision: revision - 6 }))).toBe('compacted');
  expect(await kindOf(quorum.client.range({ key: 'k', revision: revision - 5 }))).toBe('no error');
  await quorum.client.put({ key: 'k', value: 'later' });
  expect(await ship()).toMatchObject({ action: 'shipped', changes: 1 });
});

test('a quorum without room gets some, from history that goes to S3 first, and takes writes again', async () => {
  const order = await leaderLast();
  await fillWithHistory();
  expect(await kindOf(quorum.client.put({ key: 'k', value: 'refused' }))).toBe('no-space');
  const before = await quorum.client.range({ key: 'fill' });
  // The minutely watch knows of an alarm by what each member says of itself, in an order of its own.
  const raised = await quorum.client.alarms();
  for (const { alarms } of await answers()) {
    expect(alarms).toHaveLength(raised.length);
    expect(alarms).toEqual(expect.arrayContaining([...raised]));
  }

  expect(await maintain()).toEqual(['archive', 'compact', ...order, 'disarm', 'none']);

  expect(await quorum.client.alarms()).toEqual([]);
  expect(await kindOf(quorum.client.put({ key: 'k', value: 'taken' }))).toBe('no error');
  for (const { storage } of await answers()) expect(storage.dbSize).toBeLessThan(QUOTA / 2);
  expect((await quorum.client.range({ key: 'fill' })).kvs).toEqual(before.kvs);
  const { leader } = await quorum.client.status();
  const listed = await quorum.client.memberList({ linearizable: true });
  expect(listed.find(({ id }) => id === leader)?.name).toBe(order.at(-1));
  expect(await getArchiveState(registry, 'demo')).toMatchObject({ point: { revision: expect.any(Number) as number } });
  expect(await ship()).toMatchObject({ action: 'shipped' });
});

test('a catalog that is itself too large is left as it is, and said; deleting makes room', async () => {
  await fillWithKeys();
  expect(await maintain()).toEqual(expect.arrayContaining(['compact', 'etcd-0', 'etcd-1', 'etcd-2', 'MetadataFull']));
  expect(await quorum.client.alarms()).not.toEqual([]);
  expect(await kindOf(quorum.client.put({ key: 'k', value: 'refused' }))).toBe('no-space');

  // Deletes are taken without room.
  await quorum.client.deleteRange({ key: 'large/', rangeEnd: 'large0' });
  expect((await maintain()).slice(-2)).toEqual(['disarm', 'none']);
  expect(await kindOf(quorum.client.put({ key: 'k', value: 'taken' }))).toBe('no error');
});

test('nothing is done while a member is away', async () => {
  const [first] = quorum.members;
  await first?.stop();
  const { action, addresses } = await assess({ since: Date.now(), thorough: true });
  expect(action.kind).toBe('wait');
  expect(addresses).toHaveLength(2);
  const step = { kind: 'defragment', memberId: '1', name: 'etcd-1', address: addresses[0] ?? '' } as const;
  const deps = { registry, connect, ask: members.ask, clock: systemClock };
  expect(await maintainMembers(deps, 'demo', quorum.endpoints, step)).toMatchObject({ done: false });
  first?.start();
  await quorum.ready();
});
