/**
 * `npm run bench -- [name ...] [--runs N]`: runs benchmarks, prints what they measured beside what is possible at best,
 * and keeps it in bench/results. A goal that is missed is said and makes the command fail; nothing is left out.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { say } from '../local/report.ts';
import type { LocalSettings } from '../local/settings.ts';
import { archive } from './archive/archive.ts';
import { create } from './create/create.ts';
import { day } from './day/day.ts';
import { idle } from './idle/idle.ts';
import { describeMachine } from './machine.ts';
import type { Measurement } from './measurement.ts';
import { quorum } from './quorum/quorum.ts';
import { resultTable, writeResult } from './report.ts';
import { sleep } from './sleep/sleep.ts';
import { wake } from './wake/wake.ts';

export interface BenchmarkInput {
  readonly settings: LocalSettings;
  /** Undefined: as many as the benchmark thinks right. */
  readonly runs: number | undefined;
  readonly report: (line: string) => void;
}

export type Benchmark = (input: BenchmarkInput) => Promise<Measurement[]>;

const BENCHMARKS: Readonly<Record<string, Benchmark>> = { archive, create, quorum, wake, sleep, idle, day };
const MOST_RUNS = 100;

export async function bench(settings: LocalSettings, args: readonly string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { runs: { type: 'string' } },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !Object.hasOwn(BENCHMARKS, name));
  if (unknown !== undefined) {
    throw new Error(`There is no benchmark "${unknown}". Benchmarks: ${Object.keys(BENCHMARKS).join(', ')}.`);
  }
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && !(Number.isInteger(runs) && runs >= 1 && runs <= MOST_RUNS)) {
    throw new Error(`--runs must be a whole number from 1 to ${MOST_RUNS}, not "${values.runs ?? ''}".`);
  }
  const chosen = Object.entries(BENCHMARKS).filter(([name]) => positionals.length === 0 || positionals.includes(name));
  const missed: string[] = [];
  for (const [name, benchmark] of chosen) {
    say(`\n=== ${name}`);
    const measurements = await benchmark({ settings, runs, report: say });
    const file = writeResult(
      join(settings.root, 'bench', 'results'),
      name,
      measurements,
      describeMachine(),
      new Date(),
    );
    console.log(resultTable(measurements));
    say(`Kept in ${file}.`);
    missed.push(...measurements.filter(({ holds }) => holds === false).map(({ metric }) => `${name}: ${metric}`));
  }
  for (const line of missed) say(`MISSED ${line}`);
  return missed.length === 0;
}
