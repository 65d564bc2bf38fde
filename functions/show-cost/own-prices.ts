/** A deployment's own price table: an object of its bucket, checked before anything is reckoned with it. */
import { fieldErrors } from '../common/http/api.ts';
import { Problem } from '../common/http/problem.ts';
import type { ObjectStore } from '../common/archive/store/store.ts';
import { messageOf } from '../common/lambda/errors.ts';
import { priceTableSchema, type PriceTable } from '../common/cost/prices.ts';

/** In the bucket, beside what the clusters have in it. */
export const SETTINGS_PREFIX = 'settings/';
export const PRICES_KEY = 'prices.json';

/** Undefined when there is none. A table that cannot be used is refused with what is wrong in it: nothing is reckoned with half of it. */
export async function readOwnPrices(store: ObjectStore): Promise<PriceTable | undefined> {
  // Listed first: S3 says 403, not 404, of an object that is not there to whoever may list only below a prefix.
  for await (const { key } of store.list(PRICES_KEY)) {
    if (key !== PRICES_KEY) continue;
    const body = await store.get(key);
    return body === undefined ? undefined : parsePrices(body.toString('utf8'));
  }
  return undefined;
}

export function parsePrices(text: string): PriceTable {
  const where = `${SETTINGS_PREFIX}${PRICES_KEY}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Problem('prices_unusable', `${where} in the bucket is not JSON: ${messageOf(error)}`, [], {
      cause: error,
    });
  }
  const parsed = priceTableSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.flatMap(fieldErrors);
  throw new Problem(
    'prices_unusable',
    `${where} in the bucket: ${fields.map(({ field, message }) => `${field} ${message}`).join('; ')}. ` +
      'Correct it, or remove it to use the bundled prices.',
    fields,
  );
}
