/** How long an operation took, and whether it came to its end: told from one change of phase, whoever made it. Pure. */
import { isResting, type Phase } from '../common/cluster/phases.ts';
import type { Measurements, Properties } from '../common/lambda/metrics.ts';
import type { StreamRecord } from './announce.ts';

export interface EndedOperation {
  readonly phase: Phase;
  readonly measurements: Measurements<'phase'>;
  readonly properties: Properties;
}

/** Undefined where no operation has ended: the phase is what it was, or the one before it belonged to nobody. */
export function endedOperation({ dynamodb }: StreamRecord): EndedOperation | undefined {
  const before = dynamodb.OldImage?.value.M;
  const after = dynamodb.NewImage?.value.M;
  if (before === undefined || after === undefined) return undefined;
  const phase = before.phase.S;
  const next = after.phase.S;
  if (phase === next || isResting(phase)) return undefined;
  // A wake that fails is put to sleep again, and an operation may find the quorum lost: neither has reached its end.
  const failed = !isResting(next) || next === 'failed';
  // A sleep that turned round has done what it should, and says nothing of how long a sleep takes.
  const reached = !failed && !(phase === 'falling-asleep' && next === 'awake');
  const seconds = Math.max(0, Date.parse(after.phaseSince.S) - Date.parse(before.phaseSince.S)) / 1_000;
  return {
    phase,
    measurements: { PhaseFailed: failed ? 1 : 0, ...(reached ? { PhaseSeconds: seconds } : {}) },
    properties: { cluster: dynamodb.Keys.pk.S, next },
  };
}
