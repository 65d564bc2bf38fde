/**
 * `create`: from `npm start` to the first search, beside the same containers started by hand on the same machine. Both do
 * the same work in each round, one after the other, from a stopped state with everything cached.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { prove } from '../../local/demo/prove.ts';
import { down } from '../../local/down.ts';
import { startEmulator } from '../../local/emulator/emulator.ts';
import { ensureImages } from '../../local/images/images.ts';
import { awaitMessages, putUsers, startMessages } from '../../local/messages/messages.ts';
import { startContainerService } from '../../local/runtime/podman.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { ensurePython } from '../../local/setup/python.ts';
import { clientConfig } from '../../local/stack/aws.ts';
import { readStartRecord, type StartRecord } from '../../local/start-record.ts';
import type { Benchmark, BenchmarkInput } from '../main.ts';
import { measurement } from '../measurement.ts';
import { startByHand } from './by-hand.ts';

const RUNS = 3;
/** Each takes minutes and downloads half a gigabyte. */
const FRESH_RUNS = 2;
const BUCKET = 'by-hand';
const USER = { username: 'by-hand', password: 'only-on-this-machine' };
const BY_HAND = 'the same containers started by hand';

interface ByHandTimes {
  /** From nothing running to the first search. */
  readonly toFirstSearchMs: number;
  /** From the request for the first container to a collection made. */
  readonly createMs: number;
}

export const create: Benchmark = async (input) => {
  const { settings, report } = input;
  const runs = input.runs ?? RUNS;
  const ours: StartRecord[] = [];
  const byHand: ByHandTimes[] = [];
  // The first start builds what is missing; it is not one of the runs.
  await npmStart(settings.root);
  for (let run = 1; run <= runs; run += 1) {
    await down(settings);
    report(`run ${run} of ${runs}: npm start`);
    ours.push(await npmStart(settings.root));
    await down(settings);
    report(`run ${run} of ${runs}: ${BY_HAND}`);
    byHand.push(await runByHand(settings));
  }
  await down(settings);
  const fresh = await freshStarts(input);
  const creates = ours.flatMap((record) => record.create ?? []);
  return [
    measurement({
      metric: 'npm start to the first search, everything cached',
      unit: 's',
      ours: ours.map(({ toFirstSearchMs }) => toFirstSearchMs / 1_000),
      reference: {
        name: `${BY_HAND}, with Kafka and S3`,
        values: byHand.map((times) => times.toFirstSearchMs / 1_000),
      },
      goal: { of: 'ours', atMost: 75 },
    }),
    measurement({
      metric: 'create, from the start of its execution to its end',
      unit: 's',
      ours: creates.map(({ totalMs }) => totalMs / 1_000),
      reference: { name: `${BY_HAND}, to a collection made`, values: byHand.map(({ createMs }) => createMs / 1_000) },
    }),
    measurement({
      metric: 'of the create, outside containers and Milvus',
      unit: 's',
      ours: creates.map(({ outsideMs }) => outsideMs / 1_000),
      goal: { of: 'ours', atMost: 3 },
    }),
    measurement({
      metric: 'memory of everything, at the end of npm start',
      unit: 'GiB',
      ours: ours.map(({ memoryBytes }) => memoryBytes / 1024 ** 3),
      goal: { of: 'ours', atMost: 8 },
    }),
    measurement({
      metric: 'npm start of a fresh clone in an empty home, to the first search',
      unit: 's',
      ours: fresh.map((milliseconds) => milliseconds / 1_000),
      goal: { of: 'ours', atMost: 600 },
    }),
  ];
};

async function npmStart(root: string, env: Readonly<Record<string, string>> = {}): Promise<StartRecord> {
  const { failed, all } = await execa('npm', ['start'], { cwd: root, env, reject: false, all: true, stdin: 'ignore' });
  if (failed) throw new Error(`npm start failed in ${root}:\n${all.split('\n').slice(-30).join('\n')}`);
  return readStartRecord(join(root, '.redkite'));
}

async function runByHand(settings: LocalSettings): Promise<ByHandTimes> {
  const python = await ensurePython(settings, () => undefined);
  const images = await ensureImages(settings, () => undefined);
  const started = Date.now();
  try {
    const dockerHost = await startContainerService(settings);
    const { bootstrap } = await startMessages(settings, images);
    // Only for S3: nothing is deployed into it.
    await startEmulator(settings, { python });
    const s3 = new S3Client({ ...clientConfig(settings), forcePathStyle: true });
    await s3.send(
      new CreateBucketCommand({
        Bucket: BUCKET,
        CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
      }),
    );
    await awaitMessages(settings, 60_000);
    await putUsers(settings, [USER]);
    const asked = Date.now();
    const cluster = await startByHand(settings, {
      images,
      dockerHost,
      brokers: bootstrap.split(','),
      user: USER,
      bucket: BUCKET,
    });
    const createMs = Date.now() - asked;
    try {
      const proof = await prove({ address: cluster.address }, () => undefined);
      return { createMs, toFirstSearchMs: proof.firstSearchAt - started };
    } finally {
      await cluster.remove();
    }
  } finally {
    await down(settings);
  }
}

/** Milliseconds to the first search of clones that find nothing: no packages, no images, no caches. */
async function freshStarts({ settings, runs, report }: BenchmarkInput): Promise<number[]> {
  const wanted = Math.min(runs ?? FRESH_RUNS, FRESH_RUNS);
  const times: number[] = [];
  for (let run = 1; run <= wanted; run += 1) {
    report(`run ${run} of ${wanted}: npm start in a fresh clone with an empty home`);
    const folder = mkdtempSync(join(tmpdir(), 'redkite-fresh-'));
    const root = join(folder, 'redkite');
    const home = join(folder, 'home');
    const env = { HOME: home, XDG_CACHE_HOME: join(home, '.cache') };
    mkdirSync(home);
    try {
      await execa('git', ['clone', '--quiet', settings.root, root]);
      times.push((await npmStart(root, env)).toFirstSearchMs);
    } finally {
      await execa('npm', ['run', 'clean'], { cwd: root, env, reject: false });
      // Go keeps its modules read-only.
      await execa('chmod', ['-R', 'u+w', folder], { reject: false });
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return times;
}
