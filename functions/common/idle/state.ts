/**
 * What is remembered between two looks at a cluster's counters, and how an observation changes it. Pure.
 *
 * Counters only grow while a process lives. So counters that stand where they stood prove that nothing was asked in all the
 * time between, however many minutes were missed; and a process that is not known, or is not there any more, may have
 * answered something that nobody saw: that counts as activity.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { countedInFlight, type InstanceCounters, type Observation } from './observation.ts';
import { workReason, type Work } from './work.ts';

const countsSchema = z.record(z.string(), z.object({ begun: z.number(), ended: z.number() }));

export const activityStateSchema = z.object({
  /** Of the cluster's record: counters of another time awake say nothing. */
  generation: z.int(),
  /** Grows with every write; two who look at the same time do not overwrite each other. */
  revision: z.int(),
  /** By `role@address`. */
  instances: z.record(z.string(), z.object({ startedAt: z.number(), counted: countsSchema })),
  /** Ids of tasks that are known, stopped ones too: one may come and go between two looks. */
  tasks: z.array(z.string()).default([]),
  /** Known as of this look, ISO 8601: it happened then or a little before. */
  lastActivity: z.object({ at: z.string(), what: z.string() }),
  /** Counted requests that had not ended at the last look. */
  inFlight: z.string().optional(),
  /** Since when activity cannot be seen, and why. */
  unseen: z.object({ since: z.string(), problem: z.string() }).optional(),
  /** Since when it cannot be seen whether Milvus works by itself; asked only once nothing else keeps the cluster awake. */
  workUnseen: z.object({ since: z.string(), problem: z.string() }).optional(),
});

export type ActivityState = z.infer<typeof activityStateSchema>;

/** No process was started then. */
const NEVER_SEEN: ActivityState['instances'][string] = { startedAt: 0, counted: {} };

/** Hosts' clocks differ by less than this; an activity further in the future is a clock that was wrong. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** The next state; the very same object when there is nothing new to remember (and so nothing to write). */
export function noteObservation(
  previous: ActivityState | undefined,
  observation: Observation,
  { generation, now }: { generation: number; now: Date },
): ActivityState {
  const known = previous?.generation === generation ? previous : undefined;
  const at = now.toISOString();
  const problem = problemOf(observation);
  if (known === undefined) {
    return {
      generation,
      revision: (previous?.revision ?? 0) + 1,
      instances: nextInstances({}, observation),
      tasks: [...(observation.tasks ?? [])],
      lastActivity: { at, what: 'the first look at its counters' },
      ...inFlightOf(observation),
      ...(problem === undefined ? {} : { unseen: { since: at, problem } }),
    };
  }
  const what = activityIn(known, observation) ?? cameAndWent(known, observation);
  const next: ActivityState = {
    generation,
    revision: known.revision,
    instances: nextInstances(known.instances, observation),
    tasks: [...(observation.tasks ?? known.tasks)],
    lastActivity: what === undefined ? plausible(known.lastActivity, now) : { at, what },
    ...inFlightOf(observation),
    ...(problem === undefined ? {} : { unseen: { since: known.unseen?.since ?? at, problem } }),
    ...(what !== undefined || known.workUnseen === undefined ? {} : { workUnseen: known.workUnseen }),
  };
  return replaced(known, next);
}

/** Work that was seen to run counts like a request of this moment. The very same object when nothing is new. */
export function noteWork(known: ActivityState, work: Work, now: Date): ActivityState {
  const { workUnseen, ...rest } = known;
  const at = now.toISOString();
  switch (work.state) {
    case 'running':
      return replaced(known, { ...rest, lastActivity: { at, what: workReason(work) } });
    case 'unseen':
      return replaced(known, {
        ...rest,
        workUnseen: { since: workUnseen?.since ?? at, problem: workReason(work) },
      });
    case 'none':
      return replaced(known, rest);
  }
}

function replaced(known: ActivityState, next: ActivityState): ActivityState {
  return isDeepStrictEqual(known, next) ? known : { ...next, revision: known.revision + 1 };
}

function remember({ instance, startedAt, counted }: InstanceCounters): [string, ActivityState['instances'][string]] {
  return [instance, { startedAt, counted: { ...counted } }];
}

/**
 * Instances that were not seen keep what is known of them: when they are seen again, it shows whether they were asked. One
 * that nobody has ever seen is remembered too: should it be gone before anybody does, it may have answered something.
 */
function nextInstances(known: ActivityState['instances'], { seen, unseen }: Observation): ActivityState['instances'] {
  const kept = unseen.map(({ instance }) => [instance, known[instance] ?? NEVER_SEEN] as const);
  return Object.fromEntries([...kept, ...seen.map(remember)]);
}

function cameAndWent(known: ActivityState, { tasks = [] }: Observation): string | undefined {
  const task = tasks.find((id) => !known.tasks.includes(id));
  return task === undefined ? undefined : `task ${task} came and went and may have answered requests`;
}

/** What was asked of the cluster since the counters in `known` were read; undefined when nothing was, as far as is seen. */
export function activityIn(known: Pick<ActivityState, 'instances'>, { seen, unseen }: Observation): string | undefined {
  const present = new Set([...seen, ...unseen].map(({ instance }) => instance));
  const gone = Object.keys(known.instances).find((instance) => !present.has(instance));
  const changes = seen.flatMap((counters) => changeOf(known.instances[counters.instance], counters));
  if (gone !== undefined) changes.push(`${gone} is gone and may have answered requests before`);
  return changes[0];
}

function changeOf(before: ActivityState['instances'][string] | undefined, now: InstanceCounters): string[] {
  if (before === undefined || before.startedAt === NEVER_SEEN.startedAt) {
    return [`${now.instance} is new and may have answered requests already`];
  }
  if (before.startedAt !== now.startedAt) return [`${now.instance} was started again`];
  const moved = Object.entries({ ...before.counted, ...now.counted }).flatMap(([name]) => {
    const earlier = before.counted[name] ?? { begun: 0, ended: 0 };
    const later = now.counted[name] ?? { begun: 0, ended: 0 };
    if (later.begun === earlier.begun && later.ended === earlier.ended) return [];
    const more = Math.max(later.begun - earlier.begun, later.ended - earlier.ended);
    // A look that was overtaken by a later one sees smaller numbers: something moved, whichever way.
    return [more > 0 ? `${name} (${more})` : name];
  });
  return moved.length === 0 ? [] : [`${moved.join(', ')} at ${now.instance}`];
}

function inFlightOf({ seen }: Observation): { inFlight?: string } {
  const names = seen.flatMap(({ counted }) => countedInFlight(counted) ?? []);
  return names.length === 0 ? {} : { inFlight: names.join(', ') };
}

function problemOf({ unseen }: Observation): string | undefined {
  return unseen.length === 0 ? undefined : unseen.map(({ instance, problem }) => `${instance}: ${problem}`).join('; ');
}

function plausible(activity: ActivityState['lastActivity'], now: Date): ActivityState['lastActivity'] {
  return Date.parse(activity.at) - now.getTime() > CLOCK_TOLERANCE_MS
    ? { ...activity, at: now.toISOString() }
    : activity;
}
