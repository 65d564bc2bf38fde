/**
 * Follows a piece of the emulator's state by long-polling its `/_redkite/...` calls.
 *
 * The DNS server and the load balancer stand in for services that AWS tells about changes. Both keep working with the last
 * state they know while the emulator is away, as Route 53 and an ALB do while their control plane is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** The emulator waits at most 60 s; what sits between would not notice a shorter silence than this. */
const POLL_SECONDS = 25;
/** An answer that is this late will not come any more: the emulator hangs. */
const LATE_SECONDS = 10;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;
/** Different from every revision, so the emulator answers at once. */
const NOTHING_KNOWN = -1;

const revisionSchema = z.object({ revision: z.number().int() });

export interface WatchOptions<State> {
  /** Origin of the emulator, such as http://127.0.0.1:4600. */
  readonly origin: string;
  readonly path: string;
  readonly parse: (answer: unknown) => State;
  /** Told at each new revision, and again with the full state after each reconnection. */
  readonly onState: (state: State) => void;
  readonly log: (message: string) => void;
  readonly pollSeconds?: number;
}

export interface Watch {
  stop(): Promise<void>;
}

export function watchEmulator<State>(options: WatchOptions<State>): Watch {
  const stopping = new AbortController();
  const done = follow(options, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

async function follow<State>(options: WatchOptions<State>, stopping: AbortSignal): Promise<void> {
  const { origin, path, parse, onState, log, pollSeconds = POLL_SECONDS } = options;
  let known = NOTHING_KNOWN;
  let retryMs = FIRST_RETRY_MS;
  let failing = false;
  const stopped = () => stopping.aborted;
  while (!stopped()) {
    try {
      const response = await fetch(`${origin}${path}?after=${known}&timeout=${pollSeconds}`, {
        signal: AbortSignal.any([stopping, AbortSignal.timeout((pollSeconds + LATE_SECONDS) * 1_000)]),
      });
      const answer: unknown = await response.json();
      if (!response.ok) throw new Error(`it answered ${response.status}: ${JSON.stringify(answer).slice(0, 200)}`);
      const { revision } = revisionSchema.parse(answer);
      if (failing) log(`The emulator answers ${path} again.`);
      failing = false;
      retryMs = FIRST_RETRY_MS;
      // A restarted emulator counts from the beginning, hence "different" and not "greater".
      if (revision === known) continue;
      const state = parse(answer);
      known = revision;
      onState(state);
    } catch (error) {
      if (stopped()) return;
      // One line an outage, not one a try.
      if (!failing)
        log(`No usable answer from ${origin}${path}: ${messageOf(error)}. The last known state stays; trying again.`);
      failing = true;
      known = NOTHING_KNOWN;
      await sleep(retryMs, undefined, { signal: stopping }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    }
  }
}

/** In one line: `fetch` and sockets put the useful part (the code, the cause) beside the message. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${messageOf(error.cause)})`;
}
