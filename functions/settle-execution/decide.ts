/**
 * Second net under every failure (decision 8 of the design): an execution that ended badly without cleaning up after
 * itself (aborted, timed out, out of history) still owns its cluster, or the lock on its metadata. Pure: says what has to
 * be done about it.
 */
import { z } from 'zod';
import type { Condition } from '../common/cluster/conditions.ts';
import {
  executionName,
  parseExecutionName,
  parseMaintenanceName,
  parseReplacementName,
} from '../common/cluster/names.ts';
import type { ClusterRecord, Ownership } from '../common/cluster/record.ts';
import { clusterNameSchema } from '../common/cluster/spec.ts';

export interface EndedExecution {
  readonly name: string;
  /** As text; executions that people start have names of their own choice, and say the cluster here. */
  readonly input?: string | undefined;
  /** ARN of its state machine, which tells what an execution is that a person named. */
  readonly machine?: string | undefined;
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
  /** A recovery that died: nothing is taken down, so that another one can go on from what there is. */
  | {
      readonly action: 'record-failure';
      readonly reason: string;
      readonly operation: Ownership;
      readonly error: string;
      readonly cause: string;
    }
  | {
      readonly action: 'drop-lock';
      readonly reason: string;
      readonly cluster: string;
      /** How things are if nobody has taken over: nobody knows. Maintenance that ends early leaves the quorum as it was. */
      readonly condition?: Omit<Condition, 'observedAt'>;
    };

const inputSchema = z.object({ cluster: clusterNameSchema });

/** The cluster that an execution works for, by its input or by its name. */
export function clusterOfExecution({ name, input }: Pick<EndedExecution, 'name' | 'input'>): string | undefined {
  return (
    clusterInInput(input) ??
    parseReplacementName(name)?.cluster ??
    parseMaintenanceName(name)?.cluster ??
    parseExecutionName(name)?.cluster
  );
}

function clusterInInput(input: string | undefined): string | undefined {
  try {
    return inputSchema.parse(JSON.parse(input ?? '')).cluster;
  } catch {
    return undefined;
  }
}

/** Of executions that own no phase, only the lock. */
function ownerOfLock(execution: EndedExecution): { readonly cluster: string; readonly replaces: boolean } | undefined {
  const replacement = parseReplacementName(execution.name);
  if (replacement !== undefined) return { cluster: replacement.cluster, replaces: true };
  const maintenance = parseMaintenanceName(execution.name);
  if (maintenance !== undefined) return { cluster: maintenance.cluster, replaces: false };
  const cluster = clusterInInput(execution.input);
  const machine = execution.machine?.endsWith('-replace-member')
    ? 'replace-member'
    : execution.machine?.endsWith('-maintain-quorum')
      ? 'maintain-quorum'
      : undefined;
  return cluster === undefined || machine === undefined
    ? undefined
    : { cluster, replaces: machine === 'replace-member' };
}

export function decideSettlement(execution: EndedExecution, record: ClusterRecord | undefined): SettleDecision {
  const owner = ownerOfLock(execution);
  if (owner !== undefined && !owner.replaces) {
    return {
      action: 'drop-lock',
      reason: `the execution ended ${execution.status} and may still have the metadata lock`,
      cluster: owner.cluster,
    };
  }
  if (owner !== undefined) {
    return {
      action: 'drop-lock',
      reason: `the execution ended ${execution.status} and may still have the metadata lock`,
      cluster: owner.cluster,
      condition: {
        type: 'MetadataReady',
        status: 'Unknown',
        reason: 'ReplacementEnded',
        message: `The execution ${execution.name} ended ${execution.status} before the quorum was healthy.`,
      },
    };
  }
  const error = execution.error ?? `Execution.${execution.status}`;
  const cause = execution.cause ?? `The execution ${execution.name} ended ${execution.status}.`;
  if (record?.phase === 'recovering' && record.owner === execution.name) {
    return {
      action: 'record-failure',
      reason: `the execution ended ${execution.status} in the middle of a recovery`,
      operation: { cluster: record.name, generation: record.generation },
      error,
      cause,
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
      error,
      cause,
    },
  };
}
