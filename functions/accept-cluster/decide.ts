/** Whether POST /clusters may begin to create a cluster, given what the registry has under that name. Pure. */
import { unknownConditions } from '../common/cluster/conditions.ts';
import { executionName } from '../common/cluster/names.ts';
import type { ClusterRecord } from '../common/cluster/record.ts';
import type { ClusterSpec } from '../common/cluster/spec.ts';

export type CreateDecision =
  /** Write `record` (in the place of `replaces`, a failed attempt) and start its execution. */
  | { readonly action: 'create'; readonly record: ClusterRecord; readonly replaces?: ClusterRecord }
  /** The same request once more: answer as the first time. */
  | { readonly action: 'repeat'; readonly record: ClusterRecord }
  | { readonly action: 'refuse'; readonly record: ClusterRecord; readonly reason: string };

export function decideCreate(
  existing: ClusterRecord | undefined,
  spec: ClusterSpec,
  { now, idempotencyKey }: { now: Date; idempotencyKey: string | undefined },
): CreateDecision {
  if (existing === undefined) return { action: 'create', record: newRecord(spec, 1, now, idempotencyKey) };
  if (existing.phase === 'failed' && existing.hasServed !== true) {
    return {
      action: 'create',
      record: newRecord(spec, existing.generation + 1, now, idempotencyKey),
      replaces: existing,
    };
  }
  if (idempotencyKey !== undefined && existing.idempotencyKey === idempotencyKey) {
    return { action: 'repeat', record: existing };
  }
  return {
    action: 'refuse',
    record: existing,
    reason:
      existing.phase === 'failed'
        ? `Cluster ${spec.name} failed after it held data; recover it instead of creating it again.`
        : `Cluster ${spec.name} exists and is ${existing.phase}. Choose another name, or use the one that exists.`,
  };
}

function newRecord(
  spec: ClusterSpec,
  generation: number,
  now: Date,
  idempotencyKey: string | undefined,
): ClusterRecord {
  const at = now.toISOString();
  return {
    name: spec.name,
    phase: 'creating',
    generation,
    owner: executionName(spec.name, 'create', generation),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    spec,
    conditions: unknownConditions(at),
    metadataOpen: false,
    createdAt: at,
    phaseSince: at,
  };
}
