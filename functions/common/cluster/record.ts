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
  /** Of the operation that prepared the entry last: until it has, no proxy is registered by itself. */
  readonly generation?: number;
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

/** A request came while the cluster was falling asleep (functions/common/registry/wake-wanted.ts). */
export interface WakeWanted {
  /** ISO 8601. */
  readonly at: string;
  readonly reason: string;
}

/** How far a sleep has come. Up to `saved` it can turn round; from `stopping` on it goes to its end. */
export const NAP_POINTS = ['begun', 'diverted', 'flushed', 'saved', 'stopping', 'archived', 'resting'] as const;
export type NapPoint = (typeof NAP_POINTS)[number];

/** What the execution that owns a sleep does: the whole of it, or what an execution that died, or a failed wake, left to do. */
export type NapWay = 'sleep' | 'turn-round' | 'rest' | 'give-up';

/** A verified archive: what a wake restores. */
export interface NapArchive {
  readonly name: string;
  readonly revision: number;
}

/** Where a cluster stands between two lives. Kept from the moment a sleep begins until the cluster is awake again. */
export interface NapRecord {
  readonly point: NapPoint;
  readonly way: NapWay;
  /** In words: why the cluster falls asleep. */
  readonly reason: string;
  /** True while the quorum may hold something that `archive` does not. */
  readonly unarchived: boolean;
  readonly archive?: NapArchive;
  /** Executions that took this sleep over from one that died, in a row. */
  readonly takeovers: number;
  /** Wakes from this sleep that failed, in a row. */
  readonly failedWakes: number;
  /** Of the wake that failed, or of the sleep that died. */
  readonly failure?: { readonly error: string; readonly cause: string };
}

/** A sleep that ended awake. */
export interface TurnRecord {
  readonly at: string;
  readonly point: NapPoint;
  readonly reason: string;
}

/** What the load balancer's rules are to be, and by which operation. */
export interface RulesWish {
  readonly state: 'open' | 'closed';
  readonly generation: number;
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
  /** Whoever is putting it to sleep turns round where it still can, or wakes it right after. */
  readonly wakeWanted?: WakeWanted;
  readonly nap?: NapRecord;
  /** The last sleep, where it turned round; until the next one begins. */
  readonly turnedRound?: TurnRecord;
  /** Set before the rules are opened, taken away after they are closed: somebody may have been let in. */
  readonly entryOpen?: true;
  /** From the opening of the rules to the end of the operation: collections that did not load, as a sentence names them. */
  readonly unloaded?: string;
  /** Written before the rules are changed; absent while they are as they were made: closed. */
  readonly rulesWish?: RulesWish;
  readonly createdAt: string;
  readonly phaseSince: string;
}

/** Identifies the operation a step works for; a step whose operation is no longer the owner must not change anything. */
export interface Ownership {
  readonly cluster: string;
  readonly generation: number;
}
