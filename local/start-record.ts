/** What the last `npm start` measured, kept beside the copy's other state for benchmarks and for people who compare. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { LocalSettings } from './settings.ts';

const startRecordSchema = z.object({
  startedAt: z.iso.datetime(),
  toFirstSearchMs: z.number(),
  /** Null when the cluster was there already. */
  create: z
    .object({ totalMs: z.number(), containersMs: z.number(), milvusMs: z.number(), outsideMs: z.number() })
    .nullable(),
  memoryBytes: z.number(),
  timings: z.record(z.string(), z.number()),
});

export type StartRecord = z.infer<typeof startRecordSchema>;

const file = (stateDir: string) => join(stateDir, 'last-start.json');

export function writeStartRecord({ stateDir }: LocalSettings, record: StartRecord): void {
  writeFileSync(file(stateDir), JSON.stringify(record, null, 2));
}

/** Takes the folder alone, so that another copy's record can be read too. */
export function readStartRecord(stateDir: string): StartRecord {
  return startRecordSchema.parse(JSON.parse(readFileSync(file(stateDir), 'utf8')));
}
