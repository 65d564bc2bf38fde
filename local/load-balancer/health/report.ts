/** Tells the emulator what the health checks found (POST /_redkite/target-health): one call a group, the newest state. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../emulator-watch.ts';
import type { Health } from './state.ts';

export interface ReportedTarget extends Health {
  readonly id: string;
  readonly port: number | undefined;
}

const RETRY_MS = 500;
const CALL_TIMEOUT_MS = 5_000;

export interface HealthReport {
  /** Has the group's health told soon. */
  tell(targetGroupArn: string): void;
  stop(): Promise<void>;
}

/** `read`: the group's health now; undefined when the group is gone. */
export function reportHealth(
  origin: string,
  read: (targetGroupArn: string) => readonly ReportedTarget[] | undefined,
  log: (message: string) => void,
): HealthReport {
  const changed = new Set<string>();
  const stopping = new AbortController();
  const stopped = () => stopping.signal.aborted;
  let running: Promise<void> | undefined;
  let failing = false;

  async function post(targetGroupArn: string): Promise<void> {
    const targets = read(targetGroupArn);
    if (targets === undefined || targets.length === 0) return;
    const response = await fetch(`${origin}/_redkite/target-health`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ targetGroupArn, targets }),
      signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
    });
    const text = await response.text();
    // Refused, such as for a group that was deleted meanwhile: asking again would change nothing.
    if (response.status === 400) log(`Health of ${targetGroupArn} was not taken: ${text}`);
    else if (!response.ok) throw new Error(`it answered ${response.status}: ${text.slice(0, 200)}`);
  }

  async function drain(): Promise<void> {
    for (const arn of changed) {
      changed.delete(arn);
      try {
        await post(arn);
        failing = false;
      } catch (error) {
        if (stopped()) return;
        changed.add(arn);
        if (!failing) log(`The emulator takes no target health: ${messageOf(error)}. Trying again.`);
        failing = true;
        await sleep(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
        if (stopped()) return;
      }
    }
  }

  function start(): void {
    running ??= drain().finally(() => {
      running = undefined;
      // Told between the last look and the end.
      if (changed.size > 0 && !stopped()) start();
    });
  }

  return {
    tell(targetGroupArn) {
      changed.add(targetGroupArn);
      start();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
