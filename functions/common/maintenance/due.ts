/**
 * Whether the schedule should ask for maintenance now, from what a look at the quorum shows every minute. Pure. What has to be
 * done is decided by the same function as in the execution itself; this only keeps the schedule from asking for the same
 * thing every minute.
 */
import { decideMaintenance, type MaintenanceDecision, type MaintenanceObservation } from './decide.ts';
import type { MaintenancePolicy } from './policy.ts';

export interface MaintenanceDue {
  readonly due: boolean;
  readonly reason: string;
}

export function maintenanceDue(
  observation: MaintenanceObservation,
  policy: MaintenancePolicy,
  now: number,
): MaintenanceDue {
  const { action, reason } = decideMaintenance(
    observation,
    policy,
    { since: now, thorough: false, disarmCorrupt: false },
    now,
  );
  // The members' own machine is asked for by others.
  if (isIdle(action.kind)) return { due: false, reason };
  const { ended } = observation.done;
  const ago = ended === null ? Infinity : now - Date.parse(ended.at);
  const alarmed = observation.alarms.length > 0;
  const quiet = ended !== null && (ended.outcome !== 'done' || !alarmed) && ago < policy.retryMs;
  return quiet
    ? {
        due: false,
        reason: `${reason}; the last maintenance ended ${Math.round(ago / 60_000)} minutes ago (${ended.outcome})`,
      }
    : { due: true, reason };
}

const isIdle = (kind: MaintenanceDecision['action']['kind']) =>
  kind === 'none' || kind === 'wait' || kind === 'replace-members';
