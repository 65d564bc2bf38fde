/** What differs between two catalogs, as one walk through both: their records are in the same order. */
import { recordsIn, type KeyedRecord } from './records.ts';

export interface Difference {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly key: Buffer;
}

/** Pairs two sequences of records by their keys. */
export async function* mergeByKey<Left extends { readonly key: Buffer }, Right extends { readonly key: Buffer }>(
  left: AsyncIterable<Left>,
  right: AsyncIterable<Right>,
): AsyncGenerator<{ readonly left?: Left; readonly right?: Right }, void, void> {
  const lefts = left[Symbol.asyncIterator]();
  const rights = right[Symbol.asyncIterator]();
  const nextOf = async <T>(iterator: AsyncIterator<T, unknown>) => {
    const result = await iterator.next();
    return result.done === true ? undefined : result.value;
  };
  try {
    let [a, b] = [await nextOf(lefts), await nextOf(rights)];
    while (a !== undefined || b !== undefined) {
      const order = a === undefined ? 1 : b === undefined ? -1 : Buffer.compare(a.key, b.key);
      yield {
        ...(order <= 0 && a !== undefined ? { left: a } : {}),
        ...(order >= 0 && b !== undefined ? { right: b } : {}),
      };
      if (order <= 0) a = await nextOf(lefts);
      if (order >= 0) b = await nextOf(rights);
    }
  } finally {
    await Promise.all([lefts.return?.(), rights.return?.()]);
  }
}

/** From `before` to `after`; both as blocks (readArchive). */
export async function* compareArchives(
  before: AsyncIterable<Buffer>,
  after: AsyncIterable<Buffer>,
): AsyncGenerator<Difference, void, void> {
  const pairs = mergeByKey<KeyedRecord, KeyedRecord>(recordsIn(before), recordsIn(after));
  for await (const { left, right } of pairs) {
    if (left === undefined && right !== undefined) yield { kind: 'added', key: right.key };
    else if (left !== undefined && right === undefined) yield { kind: 'removed', key: left.key };
    else if (left !== undefined && right !== undefined && !left.value.equals(right.value)) {
      yield { kind: 'changed', key: left.key };
    }
  }
}
