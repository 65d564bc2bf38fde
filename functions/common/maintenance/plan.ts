/** What maintenance would do, step by step, if each step did what it is for: for a person who asks before. Pure. */
import {
  decideMaintenance,
  type MaintenanceDecision,
  type MaintenanceObservation,
  type MaintenanceOptions,
} from './decide.ts';
import type { MaintenancePolicy } from './policy.ts';

/** Five members, an archive, a compaction, an alarm, and the end. */
const STEPS_MAX = 10;

export function planMaintenance(
  observation: MaintenanceObservation,
  policy: MaintenancePolicy,
  options: MaintenanceOptions,
  now: number,
): MaintenanceDecision[] {
  const steps: MaintenanceDecision[] = [];
  let seen = observation;
  for (let n = 0; n < STEPS_MAX; n += 1) {
    const decision = decideMaintenance(seen, policy, options, now);
    steps.push(decision);
    const next = after(seen, decision.action, now);
    if (next === undefined) break;
    seen = next;
  }
  return steps;
}

/** Undefined where it ends. How much room a compaction makes is not known before. */
function after(
  seen: MaintenanceObservation,
  action: MaintenanceDecision['action'],
  now: number,
): MaintenanceObservation | undefined {
  const at = new Date(now).toISOString();
  switch (action.kind) {
    case 'archive':
      return {
        ...seen,
        shipped: { history: seen.history ?? 'new', revision: seen.revision, archivedAt: now },
        history: seen.history ?? 'new',
      };
    case 'compact':
      return { ...seen, done: { ...seen.done, compacted: { history: action.history, revision: action.revision, at } } };
    case 'defragment':
      return {
        ...seen,
        members: seen.members.map((member) =>
          member.memberId === action.memberId ? { ...member, dbSize: member.dbSizeInUse } : member,
        ),
        done: { ...seen.done, defragmented: { ...seen.done.defragmented, [action.memberId]: at } },
      };
    case 'disarm':
      return { ...seen, alarms: seen.alarms.filter((alarm) => !action.alarms.includes(alarm)) };
    case 'none':
    case 'wait':
    case 'replace-members':
    case 'give-up':
      return undefined;
  }
}
