import fc from 'fast-check';
import { decodePage, nextLimit } from '../../../functions/common/archive/scan.ts';
import {
  blocksOf,
  countRecords,
  digestRecords,
  eachRecord,
  encodeRecords,
  recordsIn,
  recordsOf,
} from '../../../functions/common/archive/records.ts';
import { isOwnKey } from '../../../functions/common/archive/own-keys.ts';
import { codec } from '../../../functions/common/etcd/descriptor.ts';
import { catalogArbitrary, keyArbitrary, recordsOfCatalog, valueArbitrary } from './arbitraries.ts';

describe('records', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(catalogArbitrary, (catalog) => {
        const records = recordsOfCatalog(catalog);
        const block = encodeRecords(records);
        expect([...recordsOf(block)]).toEqual(records);
        expect(countRecords(block)).toBe(records.length);
      }),
    );
  });

  test('have the same hash however they are cut into blocks', async () => {
    const digestOf = async (blocks: AsyncIterable<Buffer>) => {
      const digest = digestRecords();
      for await (const block of blocks) digest.add(block, countRecords(block));
      return digest.result();
    };
    await fc.assert(
      fc.asyncProperty(catalogArbitrary, fc.integer({ min: 1, max: 200 }), async (catalog, size) => {
        const all = encodeRecords(recordsOfCatalog(catalog));
        // eslint-disable-next-line @typescript-eslint/require-await -- stands for a stream
        const whole = async function* () {
          yield all;
        };
        expect(await digestOf(blocksOf(recordsIn(whole()), size))).toEqual(await digestOf(whole()));
      }),
    );
  });

  test('a block that was cut off is refused', () => {
    fc.assert(
      fc.property(keyArbitrary, valueArbitrary, fc.nat(), (key, value, cut) => {
        const block = encodeRecords([{ key, value }]);
        const length = 1 + (cut % (block.length - 1));
        expect(() => {
          eachRecord(block.subarray(0, length), () => undefined);
        }).toThrow(RangeError);
      }),
    );
  });
});

describe('pages', () => {
  const range = codec('RangeResponse');
  const kvArbitrary = fc.record({
    key: fc.oneof(keyArbitrary, fc.constant(Buffer.from('_redkite/history'))),
    value: valueArbitrary,
    createRevision: fc.integer({ min: 1 }),
    modRevision: fc.integer({ min: 1 }),
    version: fc.integer({ min: 1 }),
    lease: fc.oneof(fc.constant('0'), fc.constant('7587869012345678901')),
  });

  test('are decoded as the general codec does, without leased keys and our own', () => {
    fc.assert(
      fc.property(fc.array(kvArbitrary), fc.boolean(), fc.nat(), (kvs, more, revision) => {
        const page = decodePage(range.encode({ header: { revision, clusterId: '1' }, kvs, more, count: kvs.length }));
        const catalog = kvs.filter(({ key }) => !isOwnKey(key));
        expect([...recordsOf(page.records)]).toEqual(
          catalog.filter(({ lease }) => lease === '0').map(({ key, value }) => ({ key, value })),
        );
        expect(page).toMatchObject({
          leased: catalog.filter(({ lease }) => lease !== '0').length,
          own: kvs.length - catalog.length,
          lastKey: kvs.at(-1)?.key,
          count: kvs.length,
          more,
          revision,
        });
      }),
    );
  });

  test('a page that was cut off is refused', () => {
    const page = range.encode({ kvs: [{ key: Buffer.from('key'), value: Buffer.alloc(40), modRevision: 2 }] });
    expect(() => decodePage(page.subarray(0, page.length - 10))).toThrow(RangeError);
  });

  test.each([
    ['grows with small keys, but not at once', 500, { wireBytes: 50_000, keys: 500 }, 2_000],
    ['stays where pages are as large as wanted', 10_000, { wireBytes: 1_000_000, keys: 10_000 }, 10_000],
    ['shrinks at once with large values', 10_000, { wireBytes: 10_000_000, keys: 10_000 }, 1_000],
    ['asks for one key at least', 1, { wireBytes: 3_000_000, keys: 1 }, 1],
    ['goes on from an empty page', 500, { wireBytes: 20, keys: 0 }, 2_000],
  ])('the limit %s', (_what, limit, page, next) => {
    expect(nextLimit(limit, page, 1_000_000)).toBe(next);
  });
});
