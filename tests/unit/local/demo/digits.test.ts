import fc from 'fast-check';
import { nearest } from '../../../../local/demo/digits.ts';

/** The definition, word by word. */
function byDefinition(query: readonly number[], stored: readonly { id: number; vector: number[] }[], k: number) {
  return stored
    .map(({ id, vector }) => ({ id, sum: vector.reduce((sum, value, i) => sum + ((query[i] ?? 0) - value) ** 2, 0) }))
    .toSorted((a, b) => a.sum - b.sum)
    .slice(0, k)
    .map(({ id }) => id);
}

test('the nearest are those with the smallest sums of squared differences, the nearest first', () => {
  // Whole numbers: no order depends on rounding. Mostly zeros, as in a digit.
  const vector = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 255 })), {
    minLength: 6,
    maxLength: 6,
  });
  const rows = fc.array(vector, { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      fc.array(vector, { minLength: 1, maxLength: 4 }),
      rows,
      fc.integer({ min: 1, max: 12 }),
      (queries, all, k) => {
        const stored = all.map((row, index) => ({ id: index + 100, vector: row }));
        expect(nearest(queries, stored, k)).toEqual(queries.map((query) => byDefinition(query, stored, k)));
      },
    ),
  );
});
