/**
 * Single source of truth for the phases of a cluster and for which change of phase is legal (decision 4 of the design).
 *
 * A phase that an operation owns (`creating`, `waking`, ...) is left only by that operation, or by whoever cleans up
 * after it. A resting phase (`awake`, `asleep`, `failed`) is left by whoever begins the next operation.
 */
import type { LifecycleVerb } from './names.ts';

export const PHASES = [
  'creating',
  'awake',
  'falling-asleep',
  'asleep',
  'waking',
  'recovering',
  'upgrading',
  'scaling',
  'deleting',
  'failed',
] as const;

export type Phase = (typeof PHASES)[number];

/** From each phase, the phases that may follow. `deleting` ends with the record itself. */
export const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  creating: ['awake', 'failed'],
  awake: ['falling-asleep', 'recovering', 'upgrading', 'scaling', 'deleting'],
  'falling-asleep': ['asleep', 'awake', 'failed'],
  asleep: ['waking', 'recovering', 'deleting'],
  // A wake that fails puts to sleep again what it has started: one way down for everything.
  waking: ['awake', 'falling-asleep'],
  recovering: ['awake', 'asleep', 'failed'],
  upgrading: ['awake', 'recovering', 'failed'],
  scaling: ['awake', 'recovering', 'failed'],
  deleting: ['failed'],
  failed: ['creating', 'falling-asleep', 'waking', 'recovering', 'deleting'],
};

/** The phase that each operation holds while it runs. */
export const PHASE_OF_VERB: Readonly<Record<LifecycleVerb, Phase>> = {
  create: 'creating',
  sleep: 'falling-asleep',
  wake: 'waking',
  recover: 'recovering',
  upgrade: 'upgrading',
  scale: 'scaling',
  delete: 'deleting',
};

const RESTING: ReadonlySet<Phase> = new Set<Phase>(['awake', 'asleep', 'failed']);

/** The phases in which an operation builds a cluster up: the same steps start its tasks and open its names. */
export const BUILDING = ['creating', 'waking', 'recovering'] as const satisfies readonly Phase[];

export function isBuilding(phase: Phase): boolean {
  return (BUILDING as readonly Phase[]).includes(phase);
}

/** A resting phase has no owner: nothing is supposed to be running for it. */
export function isResting(phase: Phase): boolean {
  return RESTING.has(phase);
}

export function mayFollow(from: Phase, to: Phase): boolean {
  return TRANSITIONS[from].includes(to);
}

/** The phases from which `to` may be entered: what a conditional write has to allow. */
export function phasesBefore(to: Phase): Phase[] {
  return PHASES.filter((from) => mayFollow(from, to));
}
