/**
 * When a quorum looks after itself: in an awake cluster, and in one that is being created, once its metadata is open (until
 * then the bootstrap is in charge, and may ask for a replacement itself, as the operation of that generation). Pure.
 */
import type { ClusterRecord } from '../cluster/record.ts';

export function mayReplaceMembers(record: ClusterRecord, generation?: number): boolean {
  if (record.phase === 'awake') return true;
  if (record.phase !== 'creating' || record.retreating) return false;
  return record.metadataOpen || generation === record.generation;
}
