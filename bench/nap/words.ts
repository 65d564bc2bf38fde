/** Lines for whoever watches a benchmark of naps run. */
import type { Visit } from '../../local/stack/histories.ts';

export const seconds = (milliseconds: number) => `${(milliseconds / 1_000).toFixed(2)} s`;

export function inWords(points: Readonly<Record<string, number>>): string {
  return Object.entries(points)
    .map(([name, at]) => `${name} ${seconds(at)}`)
    .join(', ');
}

/** One a line: when it began after `from`, how long it took, and what it was. */
export function describeSteps(steps: readonly Visit[], from: number): string {
  return steps
    .map(({ machine, state, interval: [begun, ended] }) =>
      [`    ${seconds(begun - from).padStart(8)}`, seconds(ended - begun).padStart(8), `  ${machine}/${state}`].join(
        ' ',
      ),
    )
    .join('\n');
}
