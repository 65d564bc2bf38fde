/**
 * Our side of the benchmark in a process of its own, so that its memory is its own: `archive` writes one from a quorum into a
 * folder, `restore` fills an empty quorum from it. Prints one line of JSON.
 */
import { listArchives } from '../../functions/common/archive/read.ts';
import { restore } from '../../functions/common/archive/restore.ts';
import { archiveSource } from '../../functions/common/archive/sources.ts';
import { folderStore } from '../../functions/common/archive/store/folder.ts';
import { writeArchive } from '../../functions/common/archive/write.ts';
import { connectEtcd } from '../../functions/common/etcd/client.ts';
import { systemClock } from '../../functions/common/lambda/polling.ts';

const [command, endpoints = '', folder = ''] = process.argv.slice(2);
const CLUSTER = 'bench';
const store = folderStore(folder);
const client = connectEtcd(endpoints.split(','), { timeoutMs: 30_000 });
const started = performance.now();
try {
  const { keys, seconds } = command === 'archive' ? await archive() : await refill();
  // Kibibytes, at its highest.
  console.log(JSON.stringify({ keys, seconds, memoryMiB: process.resourceUsage().maxRSS / 1_024 }));
} finally {
  client.close();
}

async function archive() {
  const options = { cluster: CLUSTER, milvusVersion: '2.3.5', mode: 'linearizable', now: new Date() } as const;
  const { keys } = await writeArchive(client, store, options);
  return { keys, seconds: (performance.now() - started) / 1_000 };
}

async function refill() {
  const { usable } = await listArchives(store, { cluster: CLUSTER, now: new Date() });
  const manifest = usable.at(-1)?.manifest;
  if (manifest === undefined) throw new Error(`There is no archive in ${folder}.`);
  const result = await restore(client, archiveSource(store, manifest), {
    clock: systemClock,
    deadline: Date.now() + 10 * 60_000,
  });
  if (!result.done) throw new Error(`The restore did not end: ${result.reason}`);
  // The limit does not read again what it wrote.
  return { keys: result.keys, seconds: result.writeMs / 1_000 };
}
