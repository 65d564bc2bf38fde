/**
 * What an answer waited for: the states that came one after the other before it, across all machines. Pure. Followed from the end
 * backwards; before each state the one that ended last before it began.
 */
import type { RecordedExecution, Visit } from '../../local/stack/histories.ts';

export interface Path {
  readonly steps: readonly Visit[];
  /** Of the steps, those that call a function. */
  readonly calls: number;
}

/** Clocks of one machine, written down by several threads. */
const TOLERANCE_MS = 3;

/** States that do something themselves: those that wait for others (parallel, nested executions) are seen by these. */
function isLeaf({ type, calls }: Visit): boolean {
  return type !== 'Parallel' && (type !== 'Task' || calls !== undefined);
}

/** Up to `end`, milliseconds since the epoch. */
export function pathTo(executions: readonly Pick<RecordedExecution, 'visits'>[], end: number): Path {
  const leaves = executions.flatMap(({ visits }) => visits).filter(isLeaf);
  const steps: Visit[] = [];
  let before = end;
  for (;;) {
    const candidates = leaves.filter(({ interval }) => interval[1] <= before + TOLERANCE_MS);
    const rest = candidates.filter((visit) => !steps.includes(visit));
    const last = rest.toSorted((a, b) => b.interval[1] - a.interval[1] || b.interval[0] - a.interval[0])[0];
    if (last === undefined) break;
    steps.unshift(last);
    before = last.interval[0];
  }
  return { steps, calls: steps.filter(({ calls }) => calls !== undefined).length };
}
