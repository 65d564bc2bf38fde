/** Milvus' REST API, by plain HTTP: a request, and what comes back. */
import { z } from 'zod';
import { vectorOf } from '../rows.ts';
import type { TestClient } from './client.ts';

/** Ids are 64-bit numbers, which come as text. */
const searched = z.object({ code: z.literal(200), data: z.array(z.object({ id: z.coerce.number() })) });
const inserted = z.object({ code: z.literal(200), data: z.object({ insertCount: z.int() }) });

export function restClient(baseUrl: string): TestClient {
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${baseUrl}/v1/vector/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  return {
    kind: 'rest',
    search: async (collectionName, id) => {
      const answer = await post('search', { collectionName, vector: vectorOf(id), limit: 1, outputFields: ['id'] });
      return searched.parse(answer).data[0]?.id;
    },
    insert: async (collectionName, ids) => {
      const data = ids.map((id) => ({ id, vector: vectorOf(id) }));
      expect(inserted.parse(await post('insert', { collectionName, data })).data.insertCount).toBe(ids.length);
    },
    close: () => Promise.resolve(),
  };
}
