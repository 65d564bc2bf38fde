import { UNDO_MS, archivesToKeep, unknownToleranceSeconds } from '../../../functions/common/cluster/undo.ts';
import { RELEASES } from '../../../functions/common/releases/profiles.ts';

const HOUR_MS = 3_600_000;
const AT = new Date('2026-03-10T12:00:00.000Z');
const later = (milliseconds: number) => new Date(AT.getTime() + milliseconds);
const restoration = {
  ...{ archive: 'a', revision: 1, missingFiles: 0, notes: [], undo: 'u' },
  ...{ asOf: later(-48 * HOUR_MS).toISOString(), at: AT.toISOString() },
};
const garbage = RELEASES['2.3.5']?.garbage;
if (garbage === undefined) throw new Error('no profile');

test('files that only the state before names outlive the time in which it can be restored', () => {
  const seconds = unknownToleranceSeconds(restoration, garbage, AT) ?? 0;
  for (const written of [-48 * HOUR_MS, -HOUR_MS, 0]) {
    const removedAt = written + seconds * 1_000;
    expect(removedAt).toBeGreaterThanOrEqual(UNDO_MS);
  }
});

test.each([
  ['no restore', undefined, AT, undefined, []],
  ['a restore of just now', { ...restoration, asOf: AT.toISOString() }, AT, UNDO_MS / 1_000, ['u']],
  ['after the time of undoing', restoration, later(UNDO_MS), undefined, []],
  ['nothing to undo with', { ...restoration, undo: undefined }, AT, 72 * 3_600, []],
])('%s', (_, record, now, seconds, archives) => {
  const { undo, ...rest } = record ?? { undo: undefined };
  const known = record === undefined ? undefined : { ...restoration, ...rest, ...(undo === undefined ? {} : { undo }) };
  if (undo === undefined && known !== undefined) delete (known as { undo?: string }).undo;
  expect(unknownToleranceSeconds(known, garbage, now)).toBe(seconds);
  expect(archivesToKeep(known, now)).toEqual(archives);
});
