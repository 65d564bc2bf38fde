/**
 * `sleep`: from the request to sleep to the last container that is gone, in turns with the same containers that are flushed and
 * stopped by hand; and what is left at work for a cluster that sleeps.
 */
import { down } from '../../local/down.ts';
import { startContainerService } from '../../local/runtime/podman.ts';
import { Stack } from '../../tests/chaos/stack.ts';
import { runningContainers } from '../containers.ts';
import { atWork } from '../idle/control-plane.ts';
import type { Benchmark } from '../main.ts';
import { measurement } from '../measurement.ts';
import { startByHand } from '../nap/by-hand.ts';
import { archiveOfSleep } from '../nap/refill.ts';
import { prepareSleeper } from '../nap/sleeper.ts';
import { describeSteps, seconds } from '../nap/words.ts';
import { METRIC, TRANSITIONS } from './metrics.ts';

const RUNS = 5;
const BY_HAND = 'the same containers, flushed and stopped by hand at once';

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
      const archive = await archiveOfSleep(engine.stack, sleeper.name);
      const byHand = await startByHand(engine, sleeper.name, { archive, row: sleeper.nextRow() });
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
    ];
  } finally {
    await down(settings);
  }
};
