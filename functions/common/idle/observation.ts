/** What one look at a cluster's counters saw. Pure: from the text of a metrics page to numbers. */
import { type ActivitySource, countsAsActivity } from './activity-table.ts';
import { parseMetrics } from './metrics.ts';

const STARTED_AT = 'process_start_time_seconds';

/** Requests of one function since its process started. */
export interface RequestCount {
  readonly begun: number;
  /** Answered: well, badly, or given up. */
  readonly ended: number;
}

/** One task that counts requests, as it was seen. */
export interface InstanceCounters {
  /** `role@address`. */
  readonly instance: string;
  /** Seconds since the epoch; another number is another process, whose counters began at zero. */
  readonly startedAt: number;
  /** By function, only those that count as activity. */
  readonly counted: Readonly<Record<string, RequestCount>>;
  /** Requests of any function, polls too, that have begun and not ended. */
  readonly inFlight: number;
}

export interface UnseenInstance {
  readonly instance: string;
  readonly problem: string;
}

/** `unseen` is never empty when nothing at all was seen: no proxy at all is a problem too. */
export interface Observation {
  readonly seen: readonly InstanceCounters[];
  readonly unseen: readonly UnseenInstance[];
  /** Ids of the tasks that counted requests, as the registry knows them: stopped ones too, for an hour. Absent: not known. */
  readonly tasks?: readonly string[];
}

/** Throws where the page is not what Milvus gives: then activity cannot be seen. */
export function readCounters(instance: string, source: ActivitySource, page: string): InstanceCounters {
  const samples = parseMetrics(page, new Set([source.metric, STARTED_AT]));
  const startedAt = samples.find(({ name }) => name === STARTED_AT)?.value;
  if (startedAt === undefined || !Number.isFinite(startedAt)) throw new Error(`The page has no ${STARTED_AT}.`);
  const functions = new Map<string, { begun: number; ended: number }>();
  for (const { name, labels, value } of samples) {
    if (name !== source.metric) continue;
    const { function_name: functionName, status } = labels;
    if (functionName === undefined || status === undefined || !Number.isFinite(value)) {
      throw new Error(`${source.metric} is not counted by function and status.`);
    }
    const count = functions.get(functionName) ?? { begun: 0, ended: 0 };
    functions.set(functionName, count);
    if (status === 'total') count.begun += value;
    else count.ended += value;
  }
  return {
    instance,
    startedAt,
    counted: Object.fromEntries([...functions].filter(([functionName]) => countsAsActivity(source, functionName))),
    inFlight: [...functions.values()].reduce((sum, count) => sum + pending(count), 0),
  };
}

/** Milvus counts the end of a few refused requests whose beginning it did not count: that hides no other function. */
export function pending({ begun, ended }: RequestCount): number {
  return Math.max(0, begun - ended);
}

/** Names and numbers of what is in flight and counts, `Search (3)`; undefined when nothing is. */
export function countedInFlight(counted: InstanceCounters['counted']): string | undefined {
  const names = Object.entries(counted).flatMap(([name, count]) =>
    pending(count) > 0 ? [`${name} (${pending(count)})`] : [],
  );
  return names.length === 0 ? undefined : names.join(', ');
}
