/** What the registry keeps about a cluster: one record, changed only by conditional writes (decision 4 of the design). */
import type { Conditions } from './conditions.ts';
import type { Phase } from './phases.ts';
import type { ClusterSpec } from './spec.ts';

/** Cloud Map service ids by what they name; kept because Cloud Map finds services by id only. */
export interface DiscoveryRecord {
  readonly metadata: string;
  /** Index = ordinal of the member. */
  readonly members: readonly string[];
}

export interface EntryRule {
  readonly protocol: 'grpc' | 'rest';
  readonly listenerArn: string;
  readonly ruleArn: string;
}

export interface EntryRecord {
  /** ARN by protocol; `grpc` only where the load balancer has an HTTPS listener. */
  readonly targetGroups: Readonly<Partial<Record<'grpc' | 'rest', string>>>;
  readonly rules: readonly EntryRule[];
}

export interface FailureRecord {
  readonly error: string;
  readonly message: string;
  readonly advice: string;
  readonly execution?: string;
  readonly at: string;
}

/** The last time that people chose a state to go back to. */
export interface RestorationRecord {
  readonly archive: string;
  readonly revision: number;
  /** ISO 8601: the moment of the state. */
  readonly asOf: string;
  /** ISO 8601: when it was restored. */
  readonly at: string;
  /** Archive of the state before it: restoring that undoes it. Absent where nothing could be read. */
  readonly undo?: string;
  readonly missingFiles: number;
  readonly notes: readonly string[];
}

export interface ClusterRecord {
  readonly name: string;
  readonly phase: Phase;
  /** Grows with every operation; part of the execution's name. */
  readonly generation: number;
  /** Name of the execution that owns the phase; absent while the phase rests. */
  readonly owner?: string;
  readonly idempotencyKey?: string;
  readonly spec: ClusterSpec;
  readonly conditions: Conditions;
  /** True once the metadata is complete: only then may anything find it by name (decision 3). */
  readonly metadataOpen: boolean;
  /** Set when the operation's clean-up begins: from then on no step may build anything up for it. */
  readonly retreating?: true;
  /** Set when it was awake for the first time: from then on its metadata is the only copy of something. */
  readonly hasServed?: true;
  readonly discovery?: DiscoveryRecord;
  readonly entry?: EntryRecord;
  readonly failure?: FailureRecord;
  readonly restoration?: RestorationRecord;
  readonly createdAt: string;
  readonly phaseSince: string;
}

/** Identifies the operation a step works for; a step whose operation is no longer the owner must not change anything. */
export interface Ownership {
  readonly cluster: string;
  readonly generation: number;
}
