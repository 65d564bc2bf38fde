/**
 * When a quorum looks after itself: in an awake cluster, and in one that is being built up, once its metadata is open (until
 * then the bootstrap is in charge, and may ask for a replacement itself, as the operation of that generation). Pure.
 */
import { isBuilding } from '../cluster/phases.ts';
import type { ClusterRecord } from '../cluster/record.ts';

export function mayReplaceMembers(record: ClusterRecord, generation?: number): boolean {
  if (record.phase === 'awake') return true;
  if (!isBuilding(record.phase) || record.retreating) return false;
  return record.metadataOpen || generation === record.generation;
}

/** An execution may look whether a quorum is lost where one should be, and go on where it has begun. */
export function mayRecover({ phase, owner, hasServed }: ClusterRecord, execution: string): boolean {
  return phase === 'recovering' ? owner === execution : mayBeRestored({ phase, hasServed });
}

/** Where there is something to go back from, and nobody else at work. */
export function mayBeRestored({ phase, hasServed }: Pick<ClusterRecord, 'phase'> & { hasServed?: true | undefined }) {
  return phase === 'awake' || (phase === 'failed' && hasServed === true);
}
