/**
 * A working day of a small team, made up and stated here: nobody measured it. Searches come at random times (exponential
 * distances, so a lull now and then is part of it) while somebody works, and a job writes at night. Pure: a seed in, times out.
 */

export interface Stretch {
  readonly what: string;
  /** Minutes since midnight, UTC. */
  readonly from: number;
  readonly to: number;
  /** Mean distance of two requests, in seconds. */
  readonly everySeconds: number;
}

const at = (hours: number, minutes = 0) => hours * 60 + minutes;

export const WORKING_DAY: readonly Stretch[] = [
  { what: 'nightly job', from: at(2), to: at(2, 14), everySeconds: 15 },
  { what: 'morning', from: at(8, 35), to: at(11, 55), everySeconds: 90 },
  { what: 'afternoon', from: at(13, 5), to: at(17, 40), everySeconds: 110 },
  { what: 'a demo after hours', from: at(19, 50), to: at(20, 20), everySeconds: 40 },
  { what: 'somebody looks once more', from: at(22, 45), to: at(22, 48), everySeconds: 45 },
];

/** Seconds since midnight, in order. */
export function requestsOf(day: readonly Stretch[], seed: number): number[] {
  const draw = generator(seed);
  return day.flatMap(({ from, to, everySeconds }) => {
    const times: number[] = [];
    for (let time = from * 60; time < to * 60; time += -Math.log(1 - draw()) * everySeconds)
      times.push(Math.round(time));
    return times;
  });
}

/** In [0, 1). A linear congruential generator (Numerical Recipes' constants): the same day on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
