import fc from 'fast-check';
import { batchesOf, decodeSucceeded, encodeStep, type Batch } from '../../../functions/common/archive/batch.ts';
import { encodeRecords } from '../../../functions/common/archive/records.ts';
import { codec } from '../../../functions/common/etcd/descriptor.ts';
import { catalogArbitrary, recordsOfCatalog } from './arbitraries.ts';

const transaction = codec('TxnRequest');
interface Sent {
  readonly compare: readonly object[];
  readonly success: readonly { readonly requestPut: { readonly key: Buffer; readonly value: Buffer } }[];
}

async function batches(
  blocks: readonly Buffer[],
  limits: { puts: number; bytes: number },
  isDone: (number: number) => boolean = () => false,
): Promise<Batch[]> {
  // eslint-disable-next-line @typescript-eslint/require-await -- stands for a stream
  const stream = async function* () {
    yield* blocks;
  };
  const found: Batch[] = [];
  for await (const batch of batchesOf(stream(), limits, { isDone, onBlock: () => undefined })) found.push(batch);
  return found;
}

describe('batches', () => {
  test('put every record once, in transactions that etcd can read, within the limits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(catalogArbitrary, { maxLength: 3 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 200 }),
        async (catalogs, puts, bytes) => {
          const groups = catalogs.map(recordsOfCatalog);
          const found = await batches(groups.map(encodeRecords), { puts, bytes });
          const sent = found.map(({ operations }) => (transaction.decode(operations) as Sent).success);
          expect(sent.flat().map(({ requestPut: { key, value } }) => ({ key, value }))).toEqual(groups.flat());
          for (const [index, { number, keys }] of found.entries()) {
            expect(number).toBe(index + 1);
            expect(keys).toBe(sent[index]?.length);
            expect(keys).toBeLessThanOrEqual(puts);
            const size = (sent[index] ?? []).reduce(
              (sum, { requestPut: { key, value } }) => sum + key.length + value.length,
              0,
            );
            expect(keys === 1 || size <= bytes).toBe(true);
          }
        },
      ),
    );
  });

  test('what is done is counted and not made', async () => {
    const block = encodeRecords(['a', 'b', 'c'].map((key) => ({ key: Buffer.from(key), value: Buffer.alloc(3) })));
    const found = await batches([block], { puts: 1, bytes: 1_000 }, (number) => number !== 2);
    expect(found.map(({ operations }) => operations.length > 0)).toEqual([false, true, false]);
  });

  test('large values keep their lengths', async () => {
    for (const length of [127, 128, 16_383, 16_384, 1_000_000]) {
      const value = Buffer.alloc(length, 7);
      const [batch] = await batches([encodeRecords([{ key: Buffer.from('k'), value }])], { puts: 10, bytes: 100 });
      const sent = transaction.decode(batch?.operations ?? Buffer.alloc(0)) as Sent;
      expect(sent.success[0]?.requestPut.value.equals(value)).toBe(true);
    }
  });

  test.each([
    ['begins where there is no progress', undefined, { target: 'CREATE', result: 'EQUAL', createRevision: '0' }],
    ['goes on from the progress before', '4', { target: 'VALUE', result: 'EQUAL', value: Buffer.from('4') }],
  ])('a step %s', (_what, from, compare) => {
    const sent = transaction.decode(encodeStep({ key: 'lane', from, to: '8' }, Buffer.alloc(0))) as Sent;
    expect(sent.compare).toMatchObject([{ key: Buffer.from('lane'), ...compare }]);
    expect(sent.success).toMatchObject([{ requestPut: { key: Buffer.from('lane'), value: Buffer.from('8') } }]);
  });

  test.each([true, false])('an answer says whether it succeeded: %s', (succeeded) => {
    const responses = [{ responsePut: {} }, { responsePut: {} }];
    expect(decodeSucceeded(codec('TxnResponse').encode({ header: { revision: 5 }, succeeded, responses }))).toBe(
      succeeded,
    );
  });
});
