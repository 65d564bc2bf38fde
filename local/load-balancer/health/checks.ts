/**
 * Checks one target on its schedule. Each check is independent of how long the last one took ("the time that it takes for
 * the target to respond does not affect the interval for the next health check request"); the first runs at once.
 */
import { NEWLY_REGISTERED, afterCheck, sameHealth, type Health, type HealthHistory } from './state.ts';
import type { Probe } from './probe.ts';
import type { HealthCheck } from '../rules/model.ts';

export interface CheckedTarget {
  readonly host: string;
  readonly port: number;
}

export function checkRegularly(
  target: CheckedTarget,
  check: HealthCheck,
  probe: Probe,
  onChange: (health: Health) => void,
  start: HealthHistory = NEWLY_REGISTERED,
): { stop(): HealthHistory } {
  let history = start;
  let stopped = false;
  let checking = false;
  const once = async () => {
    // A timeout may be as long as the interval: never two at a time.
    if (checking) return;
    checking = true;
    const result = await probe(target.host, check.port ?? target.port, check);
    checking = false;
    // The answer of a check that belongs to a target, or to settings, of the past.
    if (stopped) return;
    const before = history.health;
    history = afterCheck(history, result, check);
    if (!sameHealth(before, history.health)) onChange(history.health);
  };
  const timer = setInterval(() => void once(), check.intervalMs);
  void once();
  return {
    stop() {
      stopped = true;
      clearInterval(timer);
      return history;
    },
  };
}
