/**
 * Second net under every failure (decision 8 of the design): an execution that ended badly without cleaning up after
 * itself (aborted, timed out, out of history) still owns its cluster, or the lock on its metadata. Pure: says what has to
 * be done about it.
 */
import type { Condition } from '../common/cluster/conditions.ts';
import { executionName, parseExecutionName, parseReplacementName } from '../common/cluster/names.ts';
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
    }
  | {
      readonly action: 'drop-lock';
      readonly reason: string;
      readonly cluster: string;
      /** How things are if nobody has taken over: nobody knows. */
      readonly condition: Omit<Condition, 'observedAt'>;
    };

/** The cluster that an execution works for, by its name. */
export function clusterOfExecution(name: string): string | undefined {
  return parseReplacementName(name)?.cluster ?? parseExecutionName(name)?.cluster;
}

export function decideSettlement(execution: EndedExecution, record: ClusterRecord | undefined): SettleDecision {
  const replacement = parseReplacementName(execution.name);
  if (replacement !== undefined) {
    return {
      action: 'drop-lock',
      reason: `the execution ended ${execution.status} and may still have the metadata lock`,
      cluster: replacement.cluster,
      condition: {
        type: 'MetadataReady',
        status: 'Unknown',
        reason: 'ReplacementEnded',
        message: `The execution ${execution.name} ended ${execution.status} before the quorum was healthy.`,
      },
    };
  }
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
