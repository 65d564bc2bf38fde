/**
 * `archive`: reading a million keys out of a quorum of three, and putting keys back, beside a plain Go client that does only
 * that. In turns, on the same machine; every restore and every limit of it into a quorum of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { startEtcd } from '../../tests/fixtures/etcd.ts';
import type { Benchmark } from '../main.ts';
import { measurement } from '../measurement.ts';
import { buildLimit, runLimit } from './limit.ts';

const RUNS = 3;
const ARCHIVE_KEYS = 1_000_000;
const RESTORE_KEYS = 200_000;
/** As the members of a cluster are started. */
const FLAGS = ['--quota-backend-bytes=4294967296'];
const LIMIT = 'a plain Go client';

const oursSchema = z.object({ keys: z.number(), seconds: z.number().positive(), memoryMiB: z.number() });

async function ours(command: 'archive' | 'restore', endpoints: readonly string[], folder: string) {
  const { stdout } = await execa(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(import.meta.dirname, 'ours.ts'),
      command,
      endpoints.join(','),
      folder,
    ],
    { stderr: 'inherit' },
  );
  return oursSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}

export const archive: Benchmark = async ({ settings, runs: asked, report }) => {
  const runs = asked ?? RUNS;
  const limit = await buildLimit(settings);
  const work = mkdtempSync(join(tmpdir(), 'redkite-bench-'));
  const read = { ours: [] as number[], limit: [] as number[], memory: [] as number[] };
  const put = { ours: [] as number[], limit: [] as number[], memory: [] as number[] };
  try {
    report(`filling a quorum with ${ARCHIVE_KEYS} keys`);
    const full = await startEtcd({ members: 3, flags: FLAGS });
    try {
      await runLimit(limit, 'put', full.endpoints, ARCHIVE_KEYS);
      for (let run = 1; run <= runs; run += 1) {
        report(`archive: run ${run} of ${runs}`);
        const answer = await ours('archive', full.endpoints, join(work, `archive-${run}`));
        if (answer.keys !== ARCHIVE_KEYS) throw new Error(`${answer.keys} keys were archived, not ${ARCHIVE_KEYS}.`);
        read.ours.push(answer.seconds);
        read.memory.push(answer.memoryMiB);
        read.limit.push(ARCHIVE_KEYS / (await runLimit(limit, 'read', full.endpoints, ARCHIVE_KEYS)));
      }
    } finally {
      await full.close();
    }
    const small = join(work, 'small');
    const source = await startEtcd({ members: 1, flags: FLAGS });
    try {
      await runLimit(limit, 'put', source.endpoints, RESTORE_KEYS);
      await ours('archive', source.endpoints, small);
    } finally {
      await source.close();
    }
    for (let run = 1; run <= runs; run += 1) {
      report(`restore: run ${run} of ${runs}`);
      for (const side of ['ours', 'limit'] as const) {
        const quorum = await startEtcd({ members: 3, flags: FLAGS });
        try {
          if (side === 'limit') {
            put.limit.push(await runLimit(limit, 'put', quorum.endpoints, RESTORE_KEYS));
          } else {
            const answer = await ours('restore', quorum.endpoints, small);
            put.ours.push(answer.keys / answer.seconds);
            put.memory.push(answer.memoryMiB);
          }
        } finally {
          await quorum.close();
        }
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return [
    measurement({
      metric: `archive of ${ARCHIVE_KEYS.toLocaleString('en')} keys of 200 bytes`,
      unit: 's',
      ours: read.ours,
      reference: { name: `${LIMIT} that reads them`, values: read.limit },
      goal: { of: 'ours', atMost: 20 },
    }),
    measurement({
      metric: 'memory of the archive',
      unit: 'MiB',
      ours: read.memory,
      goal: { of: 'ours', atMost: 256 },
    }),
    measurement({
      metric: `restore of ${RESTORE_KEYS.toLocaleString('en')} keys of 200 bytes into three members`,
      unit: 'keys/s',
      ours: put.ours,
      reference: { name: `${LIMIT} that puts them`, values: put.limit },
      goal: { of: 'ours', atLeast: 40_000 },
    }),
    measurement({ metric: 'memory of the restore', unit: 'MiB', ours: put.memory, goal: { of: 'ours', atMost: 256 } }),
  ];
};
