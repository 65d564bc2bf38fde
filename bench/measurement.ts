/** What a benchmark measures, and how one line of its result is made. Pure. */

export interface Samples {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** How many runs there were. */
  readonly runs: number;
}

/** A promise about our own number, or about its ratio to the reference. */
export interface Goal {
  readonly of: 'ours' | 'ratio';
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Measurement {
  readonly metric: string;
  readonly unit: string;
  readonly ours: Samples;
  /** Null where there is nothing to compare with. */
  readonly reference: Samples | null;
  readonly referenceName: string | null;
  /** Median of ours divided by the median of the reference. */
  readonly ratio: number | null;
  readonly goal: Goal | null;
  /** Null without a goal. The median is held against it. */
  readonly holds: boolean | null;
}

export function samples(values: readonly number[]): Samples {
  const sorted = values.toSorted((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  const high = sorted[Math.floor(sorted.length / 2)];
  if (min === undefined || max === undefined || low === undefined || high === undefined) {
    throw new Error('A measurement needs at least one run.');
  }
  return { min: round(min), median: round((low + high) / 2), max: round(max), runs: sorted.length };
}

export function measurement(input: {
  readonly metric: string;
  readonly unit: string;
  readonly ours: readonly number[];
  readonly reference?: { readonly name: string; readonly values: readonly number[] };
  readonly goal?: Goal;
}): Measurement {
  const ours = samples(input.ours);
  const reference = input.reference === undefined ? null : samples(input.reference.values);
  const ratio = reference === null || reference.median === 0 ? null : round(ours.median / reference.median);
  const goal = input.goal ?? null;
  const measured = goal?.of === 'ratio' ? ratio : ours.median;
  return {
    metric: input.metric,
    unit: input.unit,
    ours,
    reference,
    referenceName: input.reference?.name ?? null,
    ratio,
    goal,
    holds:
      goal === null
        ? null
        : measured !== null && measured <= (goal.atMost ?? Infinity) && measured >= (goal.atLeast ?? -Infinity),
  };
}

/** Four significant digits: more than any of these measurements is good for. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
