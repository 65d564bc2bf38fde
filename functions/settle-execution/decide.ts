/**
 * Second net under every failure (decision 8 of the design): an execution that ended badly without cleaning up after
 * itself (aborted, timed out, out of history) still owns its cluster. Pure: says whether a clean-up has to be started.
 */
import { executionName, parseExecutionName } from '../common/cluster/names.ts';
import type { ClusterRecord } from '../common/cluster/record.ts';

export interface EndedExecution {
  readonly name: string;
  readonly status: string;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

export type SettleDecision =
  | { readonly action: 'ignore'; readonly reason: string }
  | {
      readonly action: 'clean-up';
      readonly reason: string;
      readonly input: { cluster: string; generation: number; error: string; cause: string };
    };

export function decideSettlement(execution: EndedExecution, record: ClusterRecord | undefined): SettleDecision {
  const parsed = parseExecutionName(execution.name);
  if (parsed === undefined) return { action: 'ignore', reason: 'the execution has no name of ours' };
  if (record === undefined) return { action: 'ignore', reason: 'the cluster is not in the registry' };
  if (record.owner !== execution.name) return { action: 'ignore', reason: 'the execution does not own the cluster' };
  if (record.phase !== 'creating' || execution.name !== executionName(record.name, 'create', record.generation)) {
    return { action: 'ignore', reason: `nothing is to be cleaned up in phase ${record.phase}` };
  }
  return {
    action: 'clean-up',
    reason: `the execution ended ${execution.status} and still owns the cluster`,
    input: {
      cluster: record.name,
      generation: record.generation,
      error: execution.error ?? `Execution.${execution.status}`,
      cause: execution.cause ?? `The execution ${execution.name} ended ${execution.status}.`,
    },
  };
}
