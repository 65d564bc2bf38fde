/** Whether an execution of wake-cluster may wake the cluster of a record, and from which archive. Pure. */
import type { ClusterRecord, NapArchive } from '../common/cluster/record.ts';
import type { Taking } from '../common/registry/registry.ts';

export interface WakeRequest {
  readonly generation: number;
  /** Name of the execution. */
  readonly owner: string;
}

export type WakeDecision =
  | {
      readonly action: 'wake';
      /** Undefined when this very step was called twice. */
      readonly taking: Taking | undefined;
      /** Undefined: nothing was ever archived, so the wake has to fail. */
      readonly archive: NapArchive | undefined;
    }
  | { readonly action: 'refuse'; readonly reason: string };

export function decideWake(record: ClusterRecord, { generation, owner }: WakeRequest, now: Date): WakeDecision {
  const archive = record.nap?.archive;
  if (record.phase === 'waking' && record.owner === owner) return { action: 'wake', taking: undefined, archive };
  if (record.generation !== generation - 1) {
    return { action: 'refuse', reason: `it is in generation ${record.generation} already` };
  }
  // A person may try what requests may not try any more, as long as nothing of the cluster runs.
  const resting = record.phase === 'asleep' || (record.phase === 'failed' && record.nap?.point === 'resting');
  if (!resting) return { action: 'refuse', reason: `it is ${record.phase}` };
  return {
    action: 'wake',
    archive,
    taking: {
      changes: {
        phase: 'waking',
        phaseSince: now.toISOString(),
        generation,
        owner,
        metadataOpen: false,
        // A person who tries again begins to count anew.
        ...(record.nap !== undefined && record.phase === 'failed' ? { nap: { ...record.nap, failedWakes: 0 } } : {}),
      },
      remove: ['failure', 'wakeWanted', 'entryOpen'],
    },
  };
}
