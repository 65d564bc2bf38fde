/** Cases follow from what was recorded, and every one of them gets its turn. */
import fc from 'fast-check';
import { faultCases, nameOf, parseShare, sampled, shareOf, type Call } from '../../faults/calls.ts';

const call = (service: string, operation: string, nth = 1): Call => ({
  function: 'beginSleep',
  service,
  operation,
  nth,
});
const kinds = (of: Call) => faultCases([of]).map(({ kind, depth }) => `${kind} ${depth}`);
const many = (count: number) => faultCases(Array.from({ length: count }, (_, n) => call('ecs', 'StopTask', n + 1)));

test('what has no effect cannot lose its answer in another way than by failing', () => {
  for (const read of [call('ecs', 'DescribeTasks'), call('dynamodb', 'GetItem'), call('s3', 'GET?list-type')]) {
    expect(kinds(read)).toEqual(['fail call', 'throttle call', 'kill attempt']);
  }
});

test('what has an effect can lose its answer once, and as often as the client asks', () => {
  for (const write of [call('ecs', 'UpdateService'), call('dynamodb', 'UpdateItem'), call('s3', 'POST?delete')]) {
    expect(kinds(write)).toEqual(expect.arrayContaining(['lose attempt', 'lose call', 'kill attempt', 'fail call']));
  }
});

test('a function itself fails, is throttled, dies, loses its answer, or is run twice', () => {
  expect(kinds(call('lambda', 'Invoke'))).toEqual([
    ...['fail call', 'throttle call', 'kill attempt', 'lose call', 'twice attempt'],
  ]);
});

test('names tell cases apart', () => {
  const cases = faultCases([call('lambda', 'Invoke'), call('ecs', 'StopTask'), call('ecs', 'StopTask', 2)]);
  expect(new Set(cases.map(nameOf)).size).toBe(cases.length);
});

test('the shares are all of them, and none twice', () => {
  const cases = many(7);
  const parts = [1, 2, 3].flatMap((part) => shareOf(cases, part, 3));
  expect(parts.map(nameOf).toSorted()).toEqual(cases.map(nameOf).toSorted());
});

test.each(['0/2', '3/2', 'a', '1/', '1/0'])('%s is no share', (text) => {
  expect(() => parseShare(text)).toThrow('i/n');
});

test('of a share that is not named everything is meant', () => {
  expect([parseShare(undefined), parseShare('2/4')]).toEqual([
    [1, 1],
    [2, 4],
  ]);
});

test('a sample is spread over all cases, and is the same whatever the order they come in', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }), fc.integer(), (size, count, seed) => {
      const cases = many(size);
      const sample = sampled(cases, count);
      expect(new Set(sample.map(nameOf)).size).toBe(Math.min(count, cases.length));
      const shuffled = cases.toSorted((a, b) => ((a.nth * 31 + seed) % 7) - ((b.nth * 31 + seed) % 7));
      expect(sampled(shuffled, count)).toEqual(sample);
    }),
    { numRuns: 50 },
  );
});
