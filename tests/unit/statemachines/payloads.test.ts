/**
 * Step Functions carries 256 KiB from state to state and ends an execution that wants more; the emulator does not look. So every
 * list that grows with a cluster, or with what is in it, is cut by the function that answers it.
 */
import { ANSWERS, INPUTS, check, comparison, launching, longestFailure, maintenancePlan } from './largest-answers.ts';
import { LARGEST, brokenBarrier, groups, specWith } from './largest-cluster.ts';
import { MOST_CAUSE, bytesOf, payloads } from './payload.ts';

/** Half of what Step Functions takes. */
const MOST_BYTES = 128 * 1024;

let carried: ReadonlyMap<string, unknown>;
beforeAll(async () => {
  carried = await payloads({ answers: ANSWERS, inputs: INPUTS, failure: await longestFailure() });
});

test('the cluster is the largest that anybody may ask for', () => {
  expect(specWith().success).toBe(true);
  const larger = { name: `${LARGEST.name}c`, members: 7, replicas: 21, hosts: 4, hostLength: 129 };
  for (const [what, value] of Object.entries(larger))
    expect([what, specWith({ [what]: value }).success]).toEqual([what, false]);
});

test('what it is measured with is as large as it is meant to be', () => {
  expect(groups.flatMap(({ addresses }) => addresses).length).toBeGreaterThan(150);
  expect(launching.action.kind).toBe('launch-member');
  expect(maintenancePlan.length).toBeGreaterThan(5);
  expect(check).toMatchObject({
    files: { missing: 3_000, collections: 3_000 },
    unflushed: { segments: 3_000, collections: 3_000 },
  });
  expect(comparison.counts).toEqual({ added: 3_000, removed: 3_000, changed: 3_000 });
});

test.each(Object.entries(ANSWERS))('%s answers less than half of what a state may carry', (_, answer) => {
  expect(bytesOf(answer)).toBeLessThan(MOST_BYTES);
});

test('no state of any machine carries more than half of what it may', () => {
  const large = [...carried].filter(([, value]) => bytesOf(value) >= MOST_BYTES);
  expect(large.map(([name, value]) => `${name} ${bytesOf(value)}`)).toEqual([]);
  expect(carried.size).toBeGreaterThan(1_000);
});

test('a cause comes through every machine as it is, to be read by whoever records it', () => {
  const causes = [...carried].flatMap(([name, value]) => {
    const { Cause } = (value ?? {}) as { readonly Cause?: unknown };
    return typeof Cause === 'string'
      ? [[name, Cause] as const]
      : name.endsWith(': cause')
        ? [[name, String(value)] as const]
        : [];
  });
  expect(causes.length).toBeGreaterThan(20);
  // The cause that an event brings may be one that Step Functions has cut already.
  const ours = causes.filter(([name]) => !name.startsWith('sleep-cluster/GivenUp'));
  expect(
    ours.filter(([, cause]) => cause.length > MOST_CAUSE).map(([name, { length }]) => `${name} ${length}`),
  ).toEqual([]);
});

test('the cause with which a barrier breaks is one that Step Functions takes', () => {
  expect(brokenBarrier.action).toBe('break');
  expect(brokenBarrier.reason.length).toBeLessThan(MOST_CAUSE);
  expect(brokenBarrier.reason).toMatch(/ \.\.\. and \d+ more characters$/);
});

test('what is cut says how much is left out', () => {
  expect(ANSWERS['verify-cluster']).toMatchObject({ loading: expect.stringMatching(/ and 2980 more$/) as string });
  expect(ANSWERS['check-targets']).toMatchObject({ reason: expect.stringMatching(/ and 2980 more$/) as string });
  expect(ANSWERS['plan-recovery']).toMatchObject({
    notes: expect.arrayContaining(['And 2980 more like these.']) as string[],
  });
});
