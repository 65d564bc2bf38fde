import fc from 'fast-check';
import { archiveName, archiveTime } from '../../../functions/common/archive/manifest.ts';
import { DEFAULT_RETENTION, decideRetention, isLeftBehind } from '../../../functions/common/archive/retention.ts';

const NOW = new Date('2026-03-10T12:30:00.000Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const archive = (ageMs: number, verified = true) => ({
  name: `a-${ageMs / MINUTE}`,
  createdAt: new Date(NOW.getTime() - ageMs).toISOString(),
  verified,
});
const kept = (archives: readonly ReturnType<typeof archive>[]) =>
  decideRetention(archives, DEFAULT_RETENTION, NOW)
    .filter(({ action }) => action === 'keep')
    .map(({ name }) => name);

describe('retention', () => {
  test('all of the last hour stay', () => {
    expect(kept([1, 2, 3, 59].map((minutes) => archive(minutes * MINUTE)))).toHaveLength(4);
  });

  test('then one an hour, then one a day, then none', () => {
    const archives = Array.from({ length: 10 * 24 * 4 }, (_, index) => archive((index + 1) * 15 * MINUTE));
    const names = kept(archives);
    const ages = names.map((name) => Number(name.slice(2)) * MINUTE);
    expect(ages.filter((age) => age <= HOUR)).toHaveLength(4);
    expect(
      new Set(ages.filter((age) => age > HOUR && age <= DAY).map((age) => Math.floor((NOW.getTime() - age) / HOUR)))
        .size,
    ).toBe(ages.filter((age) => age > HOUR && age <= DAY).length);
    expect(ages.filter((age) => age > HOUR && age <= DAY).length).toBeGreaterThanOrEqual(23);
    expect([6, 7]).toContain(ages.filter((age) => age > DAY).length);
    expect(ages.filter((age) => age > 7 * DAY)).toEqual([]);
  });

  test('of an hour the newest that was verified stays', () => {
    expect(kept([archive(1, true), archive(2 * HOUR + 31 * MINUTE, false), archive(2 * HOUR + 40 * MINUTE)])).toContain(
      'a-160',
    );
  });

  test('the newest verified archive stays however old it is', () => {
    expect(kept([archive(30 * DAY), archive(40 * DAY), archive(9 * DAY, false)])).toEqual([`a-${(30 * DAY) / MINUTE}`]);
  });

  test('where none was verified the newest stays', () => {
    expect(kept([archive(30 * DAY, false), archive(20 * DAY, false)])).toEqual([`a-${(20 * DAY) / MINUTE}`]);
  });

  test('one that was read through a moment ago stays: a restore may be under way', () => {
    const readAt = (ageMs: number, readMs: number) => ({
      ...archive(ageMs),
      readAt: new Date(NOW.getTime() - readMs).toISOString(),
    });
    const old = 10 * DAY;
    expect(kept([archive(1), readAt(old, 2 * HOUR)])).toContain(`a-${old / MINUTE}`);
    expect(kept([archive(1), readAt(old, 2 * HOUR + 1)])).not.toContain(`a-${old / MINUTE}`);
    // Its writer's own reading is none: else every archive would stay for longer than it should.
    const loser = HOUR + 20 * MINUTE;
    expect(kept([archive(HOUR + 10 * MINUTE), readAt(loser, loser - 15 * MINUTE)])).not.toContain(
      `a-${loser / MINUTE}`,
    );
    expect(kept([archive(HOUR + 10 * MINUTE), readAt(loser, loser - 16 * MINUTE)])).toContain(`a-${loser / MINUTE}`);
  });

  test('what has no manifest is left behind after a day, and under way before', () => {
    const at = (ageMs: number) => archiveTime(archiveName(new Date(NOW.getTime() - ageMs), 7));
    expect(at(0)).toEqual(NOW);
    expect(isLeftBehind(at(DAY), NOW)).toBe(false);
    expect(isLeftBehind(at(DAY + 1), NOW)).toBe(true);
    expect(archiveTime('99999999T999999999Z-0000000000000007')).toBeUndefined();
    expect(isLeftBehind(undefined, NOW)).toBe(false);
  });

  test('every decision has a reason, and nothing is not an error', () => {
    expect(decideRetention([], DEFAULT_RETENTION, NOW)).toEqual([]);
    for (const { reason } of decideRetention([archive(DAY)], DEFAULT_RETENTION, NOW)) expect(reason).not.toBe('');
  });

  const archivesArbitrary = fc.uniqueArray(
    fc.record({ age: fc.integer({ min: 0, max: 20 * 24 * 60 }), verified: fc.boolean() }),
    { selector: ({ age }) => age, maxLength: 60 },
  );

  test('never leaves a cluster without its newest verified archive, and deciding twice changes nothing', () => {
    fc.assert(
      fc.property(archivesArbitrary, (ages) => {
        const archives = ages.map(({ age, verified }) => archive(age * MINUTE, verified));
        const names = kept(archives);
        const verified = archives
          .filter((one) => one.verified)
          .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
        if (verified[0] !== undefined) expect(names).toContain(verified[0].name);
        if (archives.length > 0) expect(names.length).toBeGreaterThan(0);
        expect(kept(archives.filter(({ name }) => names.includes(name)))).toEqual(names);
      }),
    );
  });
});
