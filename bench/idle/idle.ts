/** `idle`: what the control plane costs while clusters are awake and nothing is asked of them: calls of functions, all together. */
import { setTimeout as pause } from 'node:timers/promises';
import { down } from '../../local/down.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { callApi, showCluster } from '../../local/stack/api.ts';
import { ensureAwake } from '../../local/stack/cluster.ts';
import { bringUpStack } from '../../local/up.ts';
import type { Benchmark } from '../main.ts';
import { measurement } from '../measurement.ts';
import { calls } from './control-plane.ts';

/** Each is looked at as a whole: a minute is how often the schedule comes. */
const IDLE_MINUTES = 4;
const MINUTE_MS = 60_000;
const SECOND = 'second';

export const idle: Benchmark = async ({ settings, runs, report }) => {
  await down(settings);
  try {
    const apiUrl = await bringUpStack(settings);
    report('two clusters, and nothing asked of either');
    await ensureAwake(settings, apiUrl, () => undefined);
    await createSecond(settings, apiUrl);
    return [
      measurement({
        metric: 'calls of functions a minute for two clusters that are awake and idle',
        unit: 'calls',
        ours: await idleCalls(settings, runs ?? IDLE_MINUTES, report),
        goal: { of: 'ours', atMost: 1 },
      }),
    ];
  } finally {
    await down(settings);
  }
};

async function createSecond(settings: LocalSettings, apiUrl: string): Promise<void> {
  const body = { name: SECOND, idle: { never: true } };
  const { status } = await callApi(settings, apiUrl, { method: 'POST', path: '/clusters', body });
  if (status !== 202) throw new Error(`POST /clusters answered ${status}.`);
  for (;;) {
    const view = await showCluster(settings, apiUrl, SECOND);
    if (view?.phase === 'awake') return;
    if (view?.phase === 'failed') throw new Error(`The second cluster failed: ${view.failure?.message ?? ''}`);
    await pause(500);
  }
}

/** One number a minute. The first minute still sees the end of what was done before. */
async function idleCalls(settings: LocalSettings, minutes: number, report: (line: string) => void): Promise<number[]> {
  const from = new Date((Math.floor(Date.now() / MINUTE_MS) + 2) * MINUTE_MS);
  const counts: number[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    const begin = new Date(from.getTime() + minute * MINUTE_MS);
    const end = new Date(begin.getTime() + MINUTE_MS);
    await pause(end.getTime() - Date.now() + 1_000);
    const counted = await calls(settings, begin, end);
    report(
      `  ${begin.toISOString()}: ${[...counted].map(([name, count]) => `${name} ${count}`).join(', ') || 'nothing'}`,
    );
    counts.push([...counted.values()].reduce((sum, count) => sum + count, 0));
  }
  return counts;
}
