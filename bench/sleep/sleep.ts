/**
 * `sleep`: from the request to sleep to the last container that is gone, in turns with the same containers that are flushed and
 * stopped by hand; and what is left at work for a cluster that sleeps, and for two that are awake and idle.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { down } from '../../local/down.ts';
import { startContainerService } from '../../local/runtime/podman.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { callApi, showCluster } from '../../local/stack/api.ts';
import { Stack } from '../../tests/chaos/stack.ts';
import { runningContainers } from '../containers.ts';
import type { Benchmark } from '../main.ts';
import { measurement } from '../measurement.ts';
import { startByHand } from '../nap/by-hand.ts';
import { archiveOfSleep } from '../nap/refill.ts';
import { prepareSleeper } from '../nap/sleeper.ts';
import { describeSteps, seconds } from '../nap/words.ts';
import { atWork, calls } from './control-plane.ts';
import { METRIC, TRANSITIONS } from './metrics.ts';

const RUNS = 5;
const BY_HAND = 'the same containers, flushed and stopped by hand at once';
/** Of which each is looked at as a whole: a minute is how often the schedule comes. */
const IDLE_MINUTES = 4;
const MINUTE_MS = 60_000;
const SECOND = 'second';

export const sleep: Benchmark = async ({ settings, runs: asked, report }) => {
  const runs = asked ?? RUNS;
  await down(settings);
  try {
    const sleeper = await prepareSleeper(settings, report);
    const engine = { settings, stack: new Stack(settings), dockerHost: await startContainerService(settings) };
    const ours: number[] = [];
    const hand: number[] = [];
    const transitions: number[] = [];
    const containersLeft: number[] = [];
    const atWorkAsleep: number[] = [];
    const deployed = (await atWork(settings)).schedules;
    // The first round starts the functions; it is not one of the runs.
    for (let run = 0; run <= runs; run += 1) {
      report(run === 0 ? 'a round that is not counted' : `run ${run} of ${runs}`);
      const { measured, executions } = await sleeper.fallAsleep();
      const tookMs = measured[1] - measured[0];
      report(`  asleep after ${seconds(tookMs)}:`);
      report(
        describeSteps(
          executions.flatMap(({ visits }) => visits),
          measured[0],
        ),
      );
      const left = await runningContainers(engine.dockerHost, `-${settings.stage}-${sleeper.name}-`);
      const { schedules, executions: running } = await atWork(settings);
      const own = [...schedules.filter((name) => !deployed.includes(name)), ...running];
      const byHand = await startByHand(engine, sleeper.name, await archiveOfSleep(engine.stack, sleeper.name));
      const handMs = await byHand.stop();
      report(`  ${BY_HAND}: ${seconds(handMs)}`);
      await sleeper.wakeBySearch();
      if (run === 0) continue;
      ours.push(tookMs);
      hand.push(handMs);
      transitions.push(executions.reduce((sum, execution) => sum + execution.transitions, 0));
      containersLeft.push(left.length);
      atWorkAsleep.push(own.length);
    }
    report('a second cluster, and nothing asked of either');
    await createSecond(settings, sleeper.apiUrl);
    const idle = await idleCalls(settings, report);
    const inSeconds = (values: readonly number[]) => values.map((milliseconds) => milliseconds / 1_000);
    return [
      measurement({
        metric: METRIC,
        unit: 's',
        ours: inSeconds(ours),
        reference: { name: BY_HAND, values: inSeconds(hand) },
        goal: { of: 'ours', atMost: 20 },
      }),
      measurement({
        metric: TRANSITIONS,
        unit: 'transitions',
        ours: transitions,
        goal: { of: 'ours', atMost: 40 },
      }),
      measurement({
        metric: 'containers of a cluster that sleeps',
        unit: 'containers',
        ours: containersLeft,
        goal: { of: 'ours', atMost: 0 },
      }),
      measurement({
        metric: 'schedules and executions of a cluster that sleeps, beside the shared schedule',
        unit: 'at work',
        ours: atWorkAsleep,
        goal: { of: 'ours', atMost: 0 },
      }),
      measurement({
        metric: 'schedules of the whole deployment',
        unit: 'schedules',
        ours: [deployed.length],
        goal: { of: 'ours', atMost: 1 },
      }),
      measurement({
        metric: 'calls of functions a minute for two clusters that are awake and idle',
        unit: 'calls',
        ours: idle,
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
async function idleCalls(settings: LocalSettings, report: (line: string) => void): Promise<number[]> {
  const from = new Date((Math.floor(Date.now() / MINUTE_MS) + 2) * MINUTE_MS);
  const counts: number[] = [];
  for (let minute = 0; minute < IDLE_MINUTES; minute += 1) {
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
