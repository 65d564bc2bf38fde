/** What a cluster uses that its size does not say: counted from what the product does, or assumed and said to be. */
import { z } from 'zod';

const atLeastNothing = z.number('must be a number').min(0, 'must not be below 0');

/** Nobody measured these: they depend on who uses the cluster. A price table may have others (`usage`). */
export const usageSchema = z.strictObject({
  /** GiB in the bucket, Milvus' objects and the archives together, awake or asleep. */
  storedGib: atLeastNothing,
  /** MiB that the tasks of the cluster write to their log in an hour awake. */
  logMibPerHour: atLeastNothing,
  /** Seconds that the minutely watch runs, all clusters together. */
  watchSeconds: atLeastNothing,
});
export type Usage = z.infer<typeof usageSchema>;

export const ASSUMED_USAGE: Usage = { storedGib: 10, logMibPerHour: 20, watchSeconds: 3 };

/**
 * What the minutely watch does for one awake cluster (functions/watch-clusters): its partition of some 9 KiB is read three times,
 * strongly consistent, and the state of its archive once; at most the states of its archive and of its activity are written, and
 * one segment of changes.
 */
export const EACH_MINUTE = { readUnits: 11, writeUnits: 3, puts: 1 } as const;

/** CloudWatch metrics of an awake cluster, and of all together while one of them is awake (functions/common/lambda/metrics.ts). */
export const METRICS = { cluster: 8, fleet: 10 } as const;

/**
 * Metrics that the alarms look at, those of sums counted each, and dashboards (resources/alarms.yml, dashboard.yml): a
 * test counts them, and `npm run tables` tells what one more of them costs.
 */
export const OBSERVED = { alarmMetrics: 57, dashboards: 1 } as const;

/**
 * A sleep and the wake after it: state transitions as tests/statemachines/transitions.test.ts counts them, a call of
 * a function for most of them, of a second and 256 MiB.
 */
export const NAP = { sleepTransitions: 22, wakeTransitions: 30, callGib: 0.25, callSeconds: 1 } as const;

/** Calls of the watch are of this size (serverless.yml), one a minute. */
export const WATCH_GIB = 1;
