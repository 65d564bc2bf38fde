import { PROBE_COLLECTION, verifyCluster, type MilvusPort } from '../../../functions/verify-cluster/verify.ts';

function milvus(over: Partial<MilvusPort> = {}) {
  const calls: string[] = [];
  const port: MilvusPort = {
    dropCollection: (name) => Promise.resolve(void calls.push(`drop ${name}`)),
    createCollection: (name) => Promise.resolve(void calls.push(`create ${name}`)),
    loading: () => Promise.resolve([]),
    close: () => Promise.resolve(void calls.push('close')),
    ...over,
  };
  return { calls, port };
}

function options() {
  let now = 0;
  const clock = { now: () => now, sleep: (milliseconds: number) => Promise.resolve(void (now += milliseconds)) };
  return { budgetMs: 1_000, intervalMs: 100, clock };
}

test('a collection is made and dropped again, also one that an earlier try left', async () => {
  const { calls, port } = milvus();
  expect(await verifyCluster(port, options())).toMatchObject({ ready: true });
  expect(calls).toEqual([
    `drop ${PROBE_COLLECTION}`,
    `create ${PROBE_COLLECTION}`,
    `drop ${PROBE_COLLECTION}`,
    'close',
  ]);
});

test('it waits for what was loaded before, and says what it waits for', async () => {
  const left = [['a', 'b'], ['b'], []];
  const { port } = milvus({ loading: () => Promise.resolve(left.shift() ?? []) });
  expect(await verifyCluster(port, options())).toMatchObject({ ready: true });
  const { port: stuck } = milvus({ loading: () => Promise.resolve(['digits']) });
  expect(await verifyCluster(stuck, options())).toEqual({ ready: false, reason: 'still loading: digits' });
});

test('a Milvus that cannot write is an error of its own, and the client is closed', async () => {
  const { calls, port } = milvus({ createCollection: () => Promise.reject(new Error('no topic')) });
  await expect(verifyCluster(port, options())).rejects.toMatchObject({
    name: 'VerificationFailed',
    message: expect.stringContaining('no topic') as string,
  });
  expect(calls.at(-1)).toBe('close');
});
