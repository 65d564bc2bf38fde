/**
 * `wake`: from a search that meets a sleeping cluster to its answer, in turns with the same containers started by hand and with
 * the same cluster brought up by podman-compose; all three on the same images, data, network and metadata.
 */
import { down } from '../../local/down.ts';
import { startContainerService } from '../../local/runtime/podman.ts';
import { containerStarts, decideTimes, type OperationTimes } from '../../local/stack/operation-times.ts';
import { Stack } from '../../tests/chaos/stack.ts';
import { clientsOf, emptyMachines } from '../floor.ts';
import type { Benchmark } from '../main.ts';
import { measurement } from '../measurement.ts';
import { wakeByHand } from '../nap/by-hand.ts';
import { wakeByCompose } from '../nap/compose.ts';
import { pathTo, type Path } from '../nap/path.ts';
import { archiveOfSleep } from '../nap/refill.ts';
import { describeSteps, inWords, seconds } from '../nap/words.ts';
import { prepareSleeper } from '../nap/sleeper.ts';
import { METRIC, TRANSITIONS } from './metrics.ts';

const RUNS = 5;
const BY_HAND = 'the same containers started by hand, in order';
const COMPOSE = 'podman-compose up with health-checked dependencies';

interface Wake {
  readonly times: OperationTimes;
  readonly path: Path;
  readonly transitions: number;
}

export const wake: Benchmark = async ({ settings, runs: asked, report }) => {
  const runs = asked ?? RUNS;
  await down(settings);
  try {
    const sleeper = await prepareSleeper(settings, report);
    const engine = { settings, stack: new Stack(settings), dockerHost: await startContainerService(settings) };
    const wakes: Wake[] = [];
    const hand: number[] = [];
    const composed: number[] = [];
    // The first round starts the functions and fills caches; it is not one of the runs.
    for (let run = 0; run <= runs; run += 1) {
      report(run === 0 ? 'a round that is not counted' : `run ${run} of ${runs}`);
      await sleeper.fallAsleep();
      const asleep = { archive: await archiveOfSleep(engine.stack, sleeper.name), row: sleeper.nextRow() };
      const byHand = await wakeByHand(engine, sleeper.name, asleep);
      report(`  ${BY_HAND}: ${inWords(byHand.points)}`);
      const byCompose = await wakeByCompose(engine, sleeper.name, asleep);
      report(`  ${COMPOSE}: ${seconds(byCompose)}`);
      const { measured, executions } = await sleeper.wakeBySearch();
      const containers = await containerStarts(settings, sleeper.name, measured);
      const visits = executions.flatMap((execution) => execution.visits);
      const ours = {
        times: decideTimes({ whole: measured, containers, visits }),
        path: pathTo(executions, measured[1]),
        transitions: executions.reduce((sum, execution) => sum + execution.transitions, 0),
      };
      report(`  the wake: ${JSON.stringify(ours.times)}, ${ours.transitions} transitions; what the answer waited for:`);
      report(describeSteps(ours.path.steps, measured[0]));
      if (run === 0) continue;
      wakes.push(ours);
      hand.push(byHand.tookMs);
      composed.push(byCompose);
    }
    const { calls, steps } = wakes.at(-1)?.path ?? { calls: 0, steps: [] };
    report(`the emulator's floor: ${calls} calls and ${steps.length - calls} other states that do nothing`);
    const empty = await emptyMachines(clientsOf(settings));
    const floor: number[] = [];
    for (let run = 1; run <= runs; run += 1) floor.push(await empty.afterStart({ calls, states: steps.length }));
    return measurements({ wakes, hand, composed, floor });
  } finally {
    await down(settings);
  }
};

function measurements({
  wakes,
  hand,
  composed,
  floor,
}: {
  readonly wakes: readonly Wake[];
  readonly hand: readonly number[];
  readonly composed: readonly number[];
  readonly floor: readonly number[];
}) {
  const inSeconds = (values: readonly number[]) => values.map((milliseconds) => milliseconds / 1_000);
  const total = wakes.map(({ times }) => times.totalMs);
  const sorted = floor.toSorted((a, b) => a - b);
  const floorMs = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const limit = { name: BY_HAND, values: inSeconds(hand) };
  return [
    measurement({
      metric: METRIC,
      unit: 's',
      ours: inSeconds(total),
      reference: limit,
      goal: { of: 'ratio', atMost: 1.15 },
    }),
    measurement({
      metric: "the same, without the emulator's own floor",
      unit: 's',
      ours: inSeconds(total.map((milliseconds) => milliseconds - floorMs)),
      reference: limit,
      goal: { of: 'ratio', atMost: 1.15 },
    }),
    measurement({
      metric: "the emulator's own floor: an empty machine of as many calls and states as the answer waited for",
      unit: 's',
      ours: inSeconds(floor),
    }),
    measurement({
      metric: `${METRIC}, beside a compose file`,
      unit: 's',
      ours: inSeconds(total),
      reference: { name: COMPOSE, values: inSeconds(composed) },
      goal: { of: 'ratio', atMost: 0.999 },
    }),
    measurement({
      metric: 'of the wake, outside containers and Milvus',
      unit: 's',
      ours: inSeconds(wakes.map(({ times }) => times.outsideMs)),
      goal: { of: 'ours', atMost: 1.5 },
    }),
    measurement({
      metric: TRANSITIONS,
      unit: 'transitions',
      ours: wakes.map(({ transitions }) => transitions),
      goal: { of: 'ours', atMost: 30 },
    }),
  ];
}
