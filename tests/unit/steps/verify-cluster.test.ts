import { PROBE_COLLECTION, verifyCluster, type MilvusPort } from '../../../functions/verify-cluster/verify.ts';

function milvus(over: Partial<MilvusPort> = {}) {
  const calls: string[] = [];
  const port: MilvusPort = {
    dropCollection: (name) => Promise.resolve(void calls.push(`drop ${name}`)),
    createCollection: (name) => Promise.resolve(void calls.push(`create ${name}`)),
    loaded: () => Promise.resolve([]),
    close: () => Promise.resolve(void calls.push('close')),
    ...over,
  };
  return { calls, port };
}

const collection = (name: string, percent: number) => ({ name, percent, answers: percent === 100 });

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
  const percents = [
    [50, 0],
    [100, 90],
    [100, 100],
  ];
  const { port } = milvus({
    loaded: () => {
      const [a = 100, b = 100] = percents.shift() ?? [];
      return Promise.resolve([collection('a', a), collection('b', b)]);
    },
  });
  expect(await verifyCluster(port, options())).toMatchObject({ ready: true, loading: '', progress: 202 });
  const { port: stuck } = milvus({ loaded: () => Promise.resolve([collection('digits', 0), collection('a', 100)]) });
  expect(await verifyCluster(stuck, options())).toEqual({
    ...{ ready: false, reason: 'still loading: digits', loading: 'digits', progress: 101 },
  });
});

test('one that Milvus calls loaded and that does not answer is waited for, and is further than one at ninety-nine', async () => {
  const { port } = milvus({ loaded: () => Promise.resolve([{ name: 'digits', percent: 100, answers: false }]) });
  expect(await verifyCluster(port, options())).toMatchObject({ ready: false, loading: 'digits', progress: 100 });
});

test('a Milvus that cannot write is an error of its own, and the client is closed', async () => {
  const { calls, port } = milvus({ createCollection: () => Promise.reject(new Error('no topic')) });
  await expect(verifyCluster(port, options())).rejects.toMatchObject({
    name: 'VerificationFailed',
    message: expect.stringContaining('no topic') as string,
  });
  expect(calls.at(-1)).toBe('close');
});
