/** What POST /clusters/{name}/actions/{sleep|wake} means for a cluster as it is now. Pure. */
import { executionName } from '../common/cluster/names.ts';
import type { ClusterRecord } from '../common/cluster/record.ts';

export const ACTIONS = ['sleep', 'wake'] as const;
export type Action = (typeof ACTIONS)[number];

export type ActionDecision =
  /** Start `execution`; whoever asks twice asks for the same one. */
  | { readonly answer: 'start'; readonly verb: Action; readonly generation: number; readonly execution: string }
  /** It is on its way already; `note`: it falls asleep, and has to be told that it is wanted awake. */
  | { readonly answer: 'on-its-way'; readonly note: boolean; readonly execution: string }
  | { readonly answer: 'done' }
  | { readonly answer: 'refuse'; readonly reason: string };

export function decideAction(action: Action, record: ClusterRecord): ActionDecision {
  const { name, phase, generation, nap } = record;
  const start = (verb: Action): ActionDecision => ({
    answer: 'start',
    verb,
    generation: generation + 1,
    execution: executionName(name, verb, generation + 1),
  });
  const owner = record.owner ?? '';
  switch (phase) {
    case 'awake':
      return action === 'sleep' ? start('sleep') : { answer: 'done' };
    case 'asleep':
      return action === 'wake' ? start('wake') : { answer: 'done' };
    case 'falling-asleep':
      return { answer: 'on-its-way', note: action === 'wake', execution: owner };
    case 'waking':
      return action === 'wake'
        ? { answer: 'on-its-way', note: false, execution: owner }
        : { answer: 'refuse', reason: `Cluster ${name} is waking. Put it to sleep when it is awake.` };
    case 'failed':
      if (nap === undefined) {
        return {
          answer: 'refuse',
          reason: `Cluster ${name} failed, and not in its sleep. Recover it, or create it again.`,
        };
      }
      // At rest it can be woken; what was left half-way has to be finished or turned round first.
      return action === 'wake' && nap.point === 'resting' ? start('wake') : start('sleep');
    default:
      return { answer: 'refuse', reason: `Cluster ${name} is ${phase}. Try again when it is awake or asleep.` };
  }
}
