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
import { isResting, type Phase } from '../common/cluster/phases.ts';
import type { ClusterRecord, Ownership } from '../common/cluster/record.ts';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { isRecovery, recoverAgain, type RecoverAgain } from './recover-again.ts';

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
  /** A sleep or a wake that died: the machine that puts clusters to sleep takes it over, and finishes it or turns it round. */
  | {
      readonly action: 'put-to-sleep';
      readonly reason: string;
      readonly execution: string;
      /** The next generation's name is used up: the record goes past it first. */
      readonly skip?: Ownership & { readonly phase: Phase };
      readonly input: {
        readonly cluster: string;
        readonly generation: number;
        readonly reason: string;
        readonly failure: { readonly error: string; readonly cause: string };
      };
    }
  /** A sleep that died between its end and the wake that it had to begin. */
  | {
      readonly action: 'wake';
      readonly reason: string;
      readonly execution: string;
      readonly input: { readonly cluster: string; readonly generation: number };
    }
  /** It ended before it took its cluster over, and its name stands in the way of the next one. */
  | {
      readonly action: 'skip-generation';
      readonly reason: string;
      readonly operation: Ownership;
      readonly phase: Phase;
    }
  /** A recovery that died: nothing is taken down, so that another one can go on from what there is. */
  | {
      readonly action: 'record-failure';
      readonly reason: string;
      readonly operation: Ownership;
      readonly error: string;
      readonly cause: string;
      readonly again: RecoverAgain | undefined;
    }
  /** A recovery that has recorded its own failure. */
  | { readonly action: 'recover-again'; readonly reason: string; readonly again: RecoverAgain }
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
  const again = recoverAgain(execution, record);
  if (record?.phase === 'recovering' && record.owner === execution.name) {
    return {
      action: 'record-failure',
      reason: `the execution ended ${execution.status} in the middle of a recovery`,
      operation: { cluster: record.name, generation: record.generation },
      error,
      cause,
      again,
    };
  }
  if (again !== undefined) return { action: 'recover-again', reason: 'what it failed of may have passed', again };
  const planned = isRecovery(execution) ? clusterInInput(execution.input) : undefined;
  if (planned !== undefined) {
    // The minute looks at the quorum again, and asks for another recovery where one is needed.
    return {
      action: 'drop-lock',
      reason: `the recovery ended ${execution.status} before it changed anything, and may still have the metadata lock`,
      cluster: planned,
    };
  }
  if (record === undefined) return { action: 'ignore', reason: 'the cluster is not in the registry' };
  const parsed = parseExecutionName(execution.name);
  const napping = settleNap(execution, parsed, record, { error, cause });
  if (napping !== undefined) return napping;
  if (parsed === undefined) return { action: 'ignore', reason: 'the execution has no name of ours' };
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

function settleNap(
  { name, status }: EndedExecution,
  parsed: ReturnType<typeof parseExecutionName>,
  record: ClusterRecord,
  failure: { readonly error: string; readonly cause: string },
): SettleDecision | undefined {
  const next = record.generation + 1;
  if (record.phase === 'falling-asleep' || record.phase === 'waking') {
    const spent = spentNames(name, parsed, record);
    if (spent === undefined) return undefined;
    return {
      action: 'put-to-sleep',
      reason: `the execution ended ${status} in phase ${record.phase}`,
      execution: executionName(record.name, 'sleep', next + spent),
      ...(spent === 0 ? {} : { skip: { cluster: record.name, generation: record.generation, phase: record.phase } }),
      input: {
        cluster: record.name,
        generation: next + spent,
        reason: `the execution ${name} ended ${status}`,
        failure,
      },
    };
  }
  if (parsed === undefined || !isNap(parsed.verb)) return undefined;
  const { generation } = parsed;
  if (record.phase === 'asleep' && record.wakeWanted !== undefined && generation === record.generation) {
    return {
      action: 'wake',
      reason: 'a wake is wanted, and the execution ended before it began one',
      execution: executionName(record.name, 'wake', next),
      input: { cluster: record.name, generation: next },
    };
  }
  if (generation === next && isResting(record.phase)) {
    return {
      action: 'skip-generation',
      reason: `the execution ended ${status} before it owned the cluster`,
      operation: { cluster: record.name, generation: record.generation },
      phase: record.phase,
    };
  }
  return undefined;
}

const isNap = (verb: string) => verb === 'sleep' || verb === 'wake';

/**
 * How many names after the record's generation are used up, when the end of this execution leaves the cluster without
 * anybody who works on it; undefined when somebody does. An owner may have a name that a person gave it.
 */
function spentNames(
  name: string,
  parsed: ReturnType<typeof parseExecutionName>,
  { owner, generation }: ClusterRecord,
): 0 | 1 | undefined {
  if (owner === name) return 0;
  if (parsed === undefined || !isNap(parsed.verb)) return undefined;
  // It came to take over from one that died, and has died before it did.
  if (parsed.generation === generation + 1) return 1;
  // So had this one, and its name was passed over; whoever did that died before it started the next.
  const taken = parseExecutionName(owner ?? '')?.generation;
  return parsed.generation === generation && taken !== undefined && taken < generation ? 0 : undefined;
}
