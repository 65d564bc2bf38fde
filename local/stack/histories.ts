/**
 * What the state machines recorded while they ran: for every execution of a span of time each visit of a state with its
 * times, what the state is, and which function it called. From the histories and the definitions, so a state that is renamed
 * or moved to another machine is still found by the function behind it.
 */
import {
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  type HistoryEvent,
} from '@aws-sdk/client-sfn';
import type { LocalSettings } from '../settings.ts';
import { awsClient } from './aws.ts';

/** Milliseconds since the epoch, from and to. */
export type Interval = readonly [from: number, to: number];

export interface Visit {
  /** Without the stage, `wake-cluster`. */
  readonly machine: string;
  readonly state: string;
  readonly type: string;
  /** Name of the function that the state calls, as serverless.yml has it; undefined for any other state. */
  readonly calls: string | undefined;
  readonly interval: Interval;
}

export interface RecordedExecution {
  readonly machine: string;
  readonly name: string;
  readonly interval: Interval;
  /** As AWS bills them: every state that was entered, and every retry. */
  readonly transitions: number;
  readonly visits: readonly Visit[];
}

/** Executions of any machine that were started at or after `since`, milliseconds since the epoch, in the order of their starts. */
export async function executionsSince(settings: LocalSettings, since: number): Promise<RecordedExecution[]> {
  const sfn = awsClient(settings, SFNClient);
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  const recorded: RecordedExecution[] = [];
  for (const { name = '', stateMachineArn } of stateMachines) {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    const wanted = executions.filter(({ startDate }) => time(startDate) >= since);
    if (wanted.length === 0) continue;
    const { definition = '{}' } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    const states = statesOf(JSON.parse(definition) as Machine, `redkite-${settings.stage}-`);
    const machine = name.replace(`redkite-${settings.stage}-`, '');
    for (const { executionArn, name: execution = '' } of wanted) {
      const events = await history(sfn, executionArn ?? '');
      const times = events.map(({ timestamp }) => time(timestamp));
      recorded.push({
        ...{ machine, name: execution },
        interval: [Math.min(...times), Math.max(...times)],
        transitions: transitionsOf(events),
        visits: visitsOf(events).map((visit) => ({ ...visit, machine, ...(states.get(visit.state) ?? UNKNOWN) })),
      });
    }
  }
  return recorded.toSorted((a, b) => a.interval[0] - b.interval[0]);
}

interface State {
  readonly Type: string;
  readonly Arguments?: { readonly FunctionName?: string };
  readonly Branches?: readonly Machine[];
}

interface Machine {
  readonly States: Readonly<Record<string, State>>;
}

const UNKNOWN = { type: 'unknown', calls: undefined };

/** Of all branches: states have names that are unique in their machine. */
function statesOf({ States }: Machine, prefix: string): Map<string, Pick<Visit, 'type' | 'calls'>> {
  return new Map(
    Object.entries(States).flatMap(([name, { Type: type, Arguments: given, Branches = [] }]) => [
      [name, { type, calls: given?.FunctionName?.split(':').at(-1)?.replace(prefix, '') }] as const,
      ...Branches.flatMap((branch) => [...statesOf(branch, prefix)]),
    ]),
  );
}

const time = (timestamp: Date | undefined) => timestamp?.getTime() ?? 0;

async function history(sfn: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000, nextToken }));
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return events;
}

/** Exported for its test. A task is scheduled once for each try. */
export function transitionsOf(events: readonly Pick<HistoryEvent, 'type'>[]): number {
  const count = (wanted: (type: string) => boolean) => events.filter(({ type }) => wanted(type ?? '')).length;
  const retries = count((type) => type === 'TaskScheduled') - count((type) => type === 'TaskStateEntered');
  return count((type) => type.endsWith('StateEntered')) + Math.max(0, retries);
}

/** A state that was entered and not left (a branch that another one's failure ended) ends with the last event. */
function visitsOf(events: readonly HistoryEvent[]): Pick<Visit, 'state' | 'interval'>[] {
  const open = new Map<string, number>();
  const visits: Pick<Visit, 'state' | 'interval'>[] = [];
  for (const { timestamp, stateEnteredEventDetails: entered, stateExitedEventDetails: exited } of events) {
    if (entered?.name !== undefined) open.set(entered.name, time(timestamp));
    const from = exited?.name === undefined ? undefined : open.get(exited.name);
    if (exited?.name === undefined || from === undefined) continue;
    visits.push({ state: exited.name, interval: [from, time(timestamp)] });
    open.delete(exited.name);
  }
  const end = time(events.at(-1)?.timestamp);
  return [...visits, ...[...open].map(([state, from]) => ({ state, interval: [from, end] as const }))];
}
