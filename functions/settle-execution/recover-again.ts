/**
 * Whether a recovery that failed is tried again by itself. What a recovery meets besides the loss passes more often than not (no
 * room for its tasks in a zone that is down, new members that died too); but tasks that run for nothing are paid for, so it is
 * tried a few times and more and more rarely, and then a person has to look. Pure.
 */
import type { ClusterRecord } from '../common/cluster/record.ts';
import { recoveryName } from '../common/cluster/names.ts';
import { errorFacts } from '../common/lambda/errors.ts';
import { explainFailure } from '../finish-operation/explain.ts';
import { z } from 'zod';
import type { EndedExecution } from './decide.ts';

/** After 1, 4 and 16 minutes, as the machine waits (WaitBeforeAgain). */
export const MOST_ATTEMPTS = 3;

export interface RecoverAgain {
  readonly execution: string;
  readonly input: { readonly cluster: string; readonly attempt: number };
}

const inputSchema = z.object({
  cluster: z.string(),
  attempt: z.int().min(0).default(0),
  /** What people chose is for people to ask for again, and a plan is none. */
  restore: z.never().optional(),
  dryRun: z.literal(false).optional(),
});

/** By its machine: a person may have chosen its name. */
export const isRecovery = ({ machine }: EndedExecution): boolean => machine?.endsWith('-recover-quorum') === true;

export function recoverAgain(execution: EndedExecution, record: ClusterRecord | undefined): RecoverAgain | undefined {
  if (record === undefined || !isRecovery(execution)) return undefined;
  // Whoever ends an execution by hand wants to do something else.
  if (execution.status === 'ABORTED') return undefined;
  const input = inputOf(execution.input);
  if (input?.cluster !== record.name || input.attempt >= MOST_ATTEMPTS) return undefined;
  const { error } = explainFailure(execution.error ?? '', execution.cause ?? '');
  if (errorFacts(error).lasting === true) return undefined;
  const died = record.phase === 'recovering' && record.owner === execution.name;
  // One that was tried again may have failed before it had taken the cluster.
  const failed = record.phase === 'failed' && (record.failure?.execution === execution.name || input.attempt > 0);
  return died || failed
    ? {
        execution: recoveryName(record.name, execution.name),
        input: { cluster: record.name, attempt: input.attempt + 1 },
      }
    : undefined;
}

function inputOf(text: string | undefined) {
  try {
    return inputSchema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
