/** A store that a test can look into and spoil. */
import type { ObjectStore } from '../../../functions/common/archive/store/store.ts';

export function memoryStore(): ObjectStore & { readonly objects: Map<string, Buffer> } {
  const objects = new Map<string, Buffer>();
  return {
    objects,
    put: (key, body) => {
      objects.set(key, Buffer.from(body));
      return Promise.resolve();
    },
    get: (key) => Promise.resolve(objects.get(key)),
    // eslint-disable-next-line @typescript-eslint/require-await -- a real store lists page by page
    list: async function* (prefix, after = '') {
      for (const key of [...objects.keys()].sort()) {
        if (key.startsWith(prefix) && key > after) yield { key, size: objects.get(key)?.length ?? 0 };
      }
    },
    remove: (keys) => {
      for (const key of keys) objects.delete(key);
      return Promise.resolve();
    },
  };
}
