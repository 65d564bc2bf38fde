/** How many calls and states our machines have taken, and where their time went, from the histories of their executions. */
import { GetExecutionHistoryCommand, SFNClient, type HistoryEvent } from '@aws-sdk/client-sfn';
import type { LocalSettings } from '../../local/settings.ts';
import { awsClient } from '../../local/stack/aws.ts';
import type { Steps } from '../floor.ts';

export interface Step {
  readonly machine: string;
  readonly state: string;
  /** Milliseconds after the beginning. */
  readonly entered: number;
  readonly took: number;
  readonly isCall: boolean;
}

const MOST_EVENTS = 1_000;

/** The states that were left between two moments (milliseconds since the epoch), in order. */
export async function stepsOf(
  settings: LocalSettings,
  executions: readonly { readonly machine: string; readonly executionArn: string }[],
  begun: number,
  ended: number,
): Promise<Step[]> {
  const sfn = awsClient(settings, SFNClient);
  const all = await Promise.all(
    executions.map(async ({ machine, executionArn }) => {
      const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: MOST_EVENTS }));
      return stepsIn(machine, events, begun, ended);
    }),
  );
  return all.flat().toSorted((a, b) => a.entered - b.entered);
}

/** States of branches run side by side, each of its own name. */
function stepsIn(machine: string, events: readonly HistoryEvent[], begun: number, ended: number): Step[] {
  const steps: Step[] = [];
  const entered = new Map<string, { readonly at: number; readonly isCall: boolean }>();
  for (const { type = '', timestamp, stateEnteredEventDetails, stateExitedEventDetails } of events) {
    const at = timestamp?.getTime() ?? 0;
    if (stateEnteredEventDetails?.name !== undefined) {
      entered.set(stateEnteredEventDetails.name, { at, isCall: type === 'TaskStateEntered' });
    }
    const state = stateExitedEventDetails?.name;
    const before = state === undefined ? undefined : entered.get(state);
    if (state === undefined || before === undefined || before.at > ended) continue;
    const { at: from, isCall } = before;
    steps.push({ machine, state, entered: from - begun, took: Math.min(at, ended) - from, isCall });
  }
  return steps;
}

export const countSteps = (steps: readonly Step[]): Steps => ({
  calls: steps.filter(({ isCall }) => isCall).length,
  states: steps.length,
});

/** One line a call, the slowest part of a machine seen at a glance. */
export function describeSteps(steps: readonly Step[]): string {
  const line = ({ machine, state, entered, took }: Step) =>
    `${String(Math.round(entered)).padStart(7)} ms  +${String(Math.round(took)).padStart(6)} ms  ${machine}: ${state}`;
  return steps
    .filter(({ isCall, took }) => isCall || took > 0)
    .map(line)
    .join('\n');
}
