/** A benchmark's result for people (a table) and for programs (bench/results/<name>.json). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { table } from 'table';
import type { Machine } from './machine.ts';
import type { Goal, Measurement, Samples } from './measurement.ts';

export function writeResult(
  folder: string,
  name: string,
  measurements: readonly Measurement[],
  machine: Machine,
  measuredAt: Date,
): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  const rows = measurements.map((row) => ({ ...row, machine, measuredAt: measuredAt.toISOString() }));
  writeFileSync(file, `${JSON.stringify(rows, null, 2)}\n`);
  return file;
}

export function resultTable(measurements: readonly Measurement[]): string {
  const head = ['metric', 'ours', 'reference', 'ratio', 'goal', ''];
  const rows = measurements.map((row) => [
    row.metric,
    spread(row.ours, row.unit),
    row.reference === null ? '-' : `${spread(row.reference, row.unit)}\n${row.referenceName ?? ''}`,
    row.ratio === null ? '-' : row.ratio.toFixed(2),
    row.goal === null ? '-' : describeGoal(row.goal, row.unit),
    row.holds === null ? '' : row.holds ? 'holds' : 'MISSED',
  ]);
  return table([head, ...rows], { columns: { 0: { width: 46, wrapWord: true }, 2: { width: 40, wrapWord: true } } });
}

function spread({ min, median, max, runs }: Samples, unit: string): string {
  return runs === 1 ? `${median} ${unit} (1 run)` : `${median} ${unit}\n(${min} to ${max}, ${runs} runs)`;
}

export function describeGoal({ of, atMost, atLeast }: Goal, unit: string): string {
  const suffix = of === 'ratio' ? ' x reference' : ` ${unit}`;
  return [
    ...(atMost === undefined ? [] : [`at most ${atMost}${suffix}`]),
    ...(atLeast === undefined ? [] : [`at least ${atLeast}${suffix}`]),
  ].join(', ');
}
