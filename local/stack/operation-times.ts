/**
 * Where the time of a create or a wake went, from what was recorded while it ran: the histories of its state machines and the
 * container engine's own clock. Everything that is neither a container being started nor etcd or Milvus at work counts as
 * ours: functions, state machines, events on their way, and whatever the emulator takes for all of these.
 */
import { executionName } from '../../functions/common/cluster/names.ts';
import { podman } from '../runtime/podman.ts';
import type { LocalSettings } from '../settings.ts';
import { executionsSince, type Interval, type Visit } from './histories.ts';

export interface OperationTimes {
  /** Milliseconds of the whole. */
  readonly totalMs: number;
  /** From the first container's creation to the last one's start. */
  readonly containersMs: number;
  /** etcd forming its quorum, Milvus initialising from the moment it can read metadata, the proof that it works. */
  readonly milvusMs: number;
  /** Neither of the two. */
  readonly outsideMs: number;
}

interface Recorded {
  /** What is to be taken apart: the execution, or from a request to its answer. */
  readonly whole: Interval;
  /** When each container of the cluster was created and started. */
  readonly containers: readonly Interval[];
  readonly visits: readonly Pick<Visit, 'calls' | 'interval'>[];
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

export function decideTimes({ whole, containers, visits }: Recorded): OperationTimes {
  const of = (called: string) => visits.filter(({ calls }) => calls === called).map(({ interval }) => interval);
  // A role that waits for the metadata name to open waits for us.
  const opened = of('openMetadata').at(-1)?.[1] ?? whole[1];
  const roles = of('probeCompute').map(([from, to]): Interval => [Math.max(from, opened), to]);
  const started = containers.length === 0 ? [] : [hull(containers)];
  const milvus = [...of('probeQuorum'), ...roles, ...of('verifyCluster'), ...of('checkTargets')];
  const totalMs = whole[1] - whole[0];
  return {
    totalMs,
    containersMs: covered(started, whole),
    milvusMs: covered(milvus, whole),
    outsideMs: totalMs - covered([...started, ...milvus], whole),
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
): Promise<OperationTimes | undefined> {
  const name = executionName(cluster, 'create', generation);
  const executions = (await executionsSince(settings, 0)).filter((execution) => execution.name === name);
  const whole = executions.find(({ machine }) => machine === 'create-cluster')?.interval;
  if (whole === undefined) return undefined;
  const containers = await containerStarts(settings, cluster, whole);
  return decideTimes({ whole, containers, visits: executions.flatMap(({ visits }) => visits) });
}

/** Of the containers that run now and were made in this time. ECS would say the same, but the emulator cuts its times to whole seconds. */
export async function containerStarts(
  settings: LocalSettings,
  cluster: string,
  [from, to]: Interval,
): Promise<Interval[]> {
  const ids = (await podman(settings, ['ps', '--quiet', '--filter', `name=-${settings.stage}-${cluster}-`]))
    .split('\n')
    .filter((id) => id !== '');
  if (ids.length === 0) return [];
  const inspected = JSON.parse(await podman(settings, ['inspect', ...ids])) as {
    Created: string;
    State: { StartedAt: string };
  }[];
  return inspected
    .map(({ Created, State }): Interval => [Date.parse(Created), Date.parse(State.StartedAt)])
    .filter(([made]) => made >= from && made <= to);
}
