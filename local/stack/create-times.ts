/**
 * Where the time of a create went, from what was recorded while it ran: the histories of its state machines and the
 * container engine's own clock. Everything that is neither a container being started nor etcd or Milvus at work counts as
 * ours: functions, state machines, events on their way, and whatever the emulator takes for all of these.
 */
import {
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  type HistoryEvent,
} from '@aws-sdk/client-sfn';
import { executionName } from '../../functions/common/cluster/names.ts';
import { podman } from '../runtime/podman.ts';
import type { LocalSettings } from '../settings.ts';
import { awsClient } from './aws.ts';

/** Milliseconds since the epoch, from and to. */
export type Interval = readonly [from: number, to: number];

export interface CreateTimes {
  /** Milliseconds of the whole execution. */
  readonly totalMs: number;
  /** From the first container's creation to the last one's start. */
  readonly containersMs: number;
  /** etcd forming its quorum, Milvus initialising from the moment it can read metadata, the proof that it works. */
  readonly milvusMs: number;
  /** Neither of the two. */
  readonly outsideMs: number;
}

interface Recorded {
  readonly execution: Interval;
  /** When each container of the cluster was created and started. */
  readonly containers: readonly Interval[];
  /** Every visit of a state, by `machine/state`. */
  readonly visits: ReadonlyMap<string, readonly Interval[]>;
}

/** Length of the union: what overlaps counts once. */
export function covered(intervals: readonly Interval[], [from, to]: Interval): number {
  let end = from;
  let sum = 0;
  for (const [start, stop] of intervals.toSorted((a, b) => a[0] - b[0])) {
    const begin = Math.max(start, end);
    const finish = Math.min(stop, to);
    if (finish <= begin) continue;
    sum += finish - begin;
    end = finish;
  }
  return sum;
}

export function decideTimes({ execution, containers, visits }: Recorded): CreateTimes {
  const of = (state: string) => visits.get(state) ?? [];
  const last = (state: string) => of(state).at(-1);
  const quorum = of('bootstrap-quorum/ProbeQuorum');
  // A role that waits for the metadata name to open waits for us.
  const opened = last('bootstrap-quorum/OpenMetadata')?.[1] ?? execution[1];
  const roles = of('start-compute/ProbeCompute').map(([from, to]): Interval => [Math.max(from, opened), to]);
  const proof = [...of('register-endpoints/VerifyCluster'), ...of('register-endpoints/CheckTargets')];
  const started = containers.length === 0 ? [] : [hull(containers)];
  const milvus = [...quorum, ...roles, ...proof];
  const totalMs = execution[1] - execution[0];
  return {
    totalMs,
    containersMs: covered(started, execution),
    milvusMs: covered(milvus, execution),
    outsideMs: totalMs - covered([...started, ...milvus], execution),
  };
}

const hull = (intervals: readonly Interval[]): Interval => [
  Math.min(...intervals.map(([from]) => from)),
  Math.max(...intervals.map(([, to]) => to)),
];

/** The times of the create that made `generation` of the cluster; undefined when the emulator has forgotten it. */
export async function createTimes(
  settings: LocalSettings,
  cluster: string,
  generation: number,
): Promise<CreateTimes | undefined> {
  const sfn = awsClient(settings, SFNClient);
  const name = executionName(cluster, 'create', generation);
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  const visits = new Map<string, Interval[]>();
  let execution: Interval | undefined;
  for (const { name: machine = '', stateMachineArn } of stateMachines) {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    const arn = executions.find((candidate) => candidate.name === name)?.executionArn;
    if (arn === undefined) continue;
    const verb = machine.replace(`redkite-${settings.stage}-`, '');
    const events = await history(sfn, arn);
    for (const [state, interval] of visitsOf(events)) {
      const key = `${verb}/${state}`;
      visits.set(key, [...(visits.get(key) ?? []), interval]);
    }
    if (verb === 'create-cluster') execution = hull(events.map(({ timestamp }) => [time(timestamp), time(timestamp)]));
  }
  if (execution === undefined) return undefined;
  const [from, to] = execution;
  const containers = (await containerStarts(settings, cluster)).filter(([made]) => made >= from && made <= to);
  return decideTimes({ execution, containers, visits });
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

/** States of parallel branches have names of their own, so a name is enough to pair entry and exit. */
function visitsOf(events: readonly HistoryEvent[]): [state: string, interval: Interval][] {
  const open = new Map<string, number>();
  const visits: [string, Interval][] = [];
  for (const { timestamp, stateEnteredEventDetails: entered, stateExitedEventDetails: exited } of events) {
    if (entered?.name !== undefined) open.set(entered.name, time(timestamp));
    const from = exited?.name === undefined ? undefined : open.get(exited.name);
    if (exited?.name !== undefined && from !== undefined) visits.push([exited.name, [from, time(timestamp)]]);
  }
  return visits;
}

/** ECS would say the same, but the emulator cuts its times to whole seconds. */
async function containerStarts(settings: LocalSettings, cluster: string): Promise<Interval[]> {
  const ids = (await podman(settings, ['ps', '--quiet', '--filter', `name=-${settings.stage}-${cluster}-`]))
    .split('\n')
    .filter((id) => id !== '');
  if (ids.length === 0) return [];
  const inspected = JSON.parse(await podman(settings, ['inspect', ...ids])) as {
    Created: string;
    State: { StartedAt: string };
  }[];
  return inspected.map(({ Created, State }) => [Date.parse(Created), Date.parse(State.StartedAt)]);
}
