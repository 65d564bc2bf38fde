/**
 * The limit of a recovery: the data of a lost quorum as a snapshot file, put back by etcd's own tool (`etcdutl snapshot
 * restore`, once a member) and started as three processes on loopback. Nothing has to be noticed, decided or started elsewhere.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { startEtcd, type EtcdQuorum } from '../../tests/fixtures/etcd.ts';
import { runLimit } from '../archive/limit.ts';

const FLAGS = ['--quota-backend-bytes=4294967296'];

export interface Snapshot {
  /** Milliseconds from the command to three members that take a write and hold every key. */
  readonly restore: () => Promise<number>;
  readonly remove: () => void;
}

export async function takeSnapshot(limit: string, keys: number): Promise<Snapshot> {
  const work = mkdtempSync(join(tmpdir(), 'redkite-snapshot-'));
  const file = join(work, 'snapshot.db');
  const source = await startEtcd({ members: 1, flags: FLAGS });
  try {
    await runLimit(limit, 'put', source.endpoints, keys);
    await execa(source.programs.etcdctl, ['--endpoints', source.endpoints.join(','), 'snapshot', 'save', file]);
  } finally {
    await source.close();
  }
  return {
    restore: () => restoreSnapshot(file, work, keys),
    remove: () => {
      rmSync(work, { recursive: true, force: true });
    },
  };
}

async function restoreSnapshot(file: string, work: string, keys: number): Promise<number> {
  const folder = mkdtempSync(join(work, 'restored-'));
  // Ports and folders are fixed by a quorum that runs for a moment; its data is what is thrown away.
  const quorum = await startEtcd({ members: 3, flags: FLAGS, folder });
  try {
    await Promise.all(quorum.members.map((member) => member.stop()));
    for (const { dataDir } of quorum.members) rmSync(dataDir, { recursive: true, force: true });
    const started = performance.now();
    await Promise.all(quorum.members.map((member) => restoreMember(quorum, file, member)));
    for (const member of quorum.members) member.start();
    await quorum.ready();
    await quorum.client.put({ key: 'written-after', value: 'yes' });
    const took = performance.now() - started;
    const { count } = await quorum.client.range({ key: 'bench/', rangeEnd: 'bench0', countOnly: true });
    if (count !== keys) throw new Error(`The snapshot brought back ${count} keys, not ${keys}.`);
    return took;
  } finally {
    await quorum.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function restoreMember(
  { members, programs }: EtcdQuorum,
  file: string,
  { name, peerUrl, dataDir }: EtcdQuorum['members'][number],
): Promise<void> {
  await execa(programs.etcdutl, [
    ...['snapshot', 'restore', file, '--name', name, '--data-dir', dataDir],
    ...['--initial-cluster', members.map((member) => `${member.name}=${member.peerUrl}`).join(',')],
    ...['--initial-cluster-token', 'test', '--initial-advertise-peer-urls', peerUrl],
  ]);
}
