/**
 * The place of one request among those that are held for its cluster (registry/places.ts). Counting costs nobody the answer: where
 * the registry does not count, a request is held all the same, within Lambda's own bound, and counted at its next look.
 */
import { messageOf } from '../common/lambda/errors.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import type { Clock } from '../common/lambda/polling.ts';
import type { Situation } from './decide.ts';

export interface PlaceDeps {
  /** False: so many are held for the cluster already. */
  readonly takePlace: (cluster: string, nowMs: number) => Promise<boolean>;
  readonly givePlaceBack: (cluster: string) => Promise<void>;
  readonly clock: Clock;
  /** What `work` gives, or `late` after so many milliseconds: a slow call must not cost the client its answer. */
  readonly within: <Value>(work: Promise<Value>, ms: number) => Promise<Value | 'late'>;
}

export interface Place {
  readonly take: (cluster: string, ms: number) => Promise<Situation['place']>;
  /** With the answer, whatever came of `take`. */
  readonly giveBack: (ms: number) => Promise<void>;
}

/** Long for a call of DynamoDB. */
const LONGEST_MS = 500;

export function placeOf({ takePlace, givePlaceBack, clock, within }: PlaceDeps): Place {
  /** The last try, which may still be under way when the request is answered. */
  let last: { readonly cluster: string; readonly taken: Promise<boolean> } | undefined;

  const take: Place['take'] = async (cluster, ms) => {
    const taken = takePlace(cluster, clock.now());
    last = { cluster, taken };
    try {
      // One that is late is not tried again: it may have been taken.
      return (await within(taken, Math.min(LONGEST_MS, ms))) === false ? 'refused' : 'taken';
    } catch (error) {
      warn('the registry did not count', cluster, error);
      return 'uncounted';
    }
  };

  const giveBack: Place['giveBack'] = async (ms) => {
    if (last === undefined) return;
    const { cluster, taken } = last;
    const given = taken.catch(() => false).then((had) => (had ? givePlaceBack(cluster) : undefined));
    try {
      // What is late is given back all the same, or forgotten by the registry.
      await within(given, Math.min(LONGEST_MS, ms));
    } catch (error) {
      warn('a place was not given back', cluster, error);
    }
  };

  return { take, giveBack };
}

function warn(what: string, cluster: string, error: unknown): void {
  logger.warn(what, { event: LOG_EVENTS.registryUnread, cluster, reason: messageOf(error) });
}
