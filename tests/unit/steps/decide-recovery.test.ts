import { ArchiveError } from '../../../functions/common/archive/manifest.ts';
import { decideRecovery, type RecoveryInput } from '../../../functions/common/recovery/decide.ts';

const now = new Date('2026-01-01T12:00:00Z');
const survivor = { endpoint: '10.0.0.1:2379', revision: 100, history: 'h' };
const archive = { name: 'a', history: 'h', revision: 90, asOf: '2026-01-01T11:59:20.000Z' };
const input: RecoveryInput = { survivors: [], archive: undefined, notes: [], garbageToleranceMs: 10_800_000, now };

test.each<[string, Partial<RecoveryInput>, object]>([
  ['nothing is left', {}, { verdict: 'impossible' }],
  [
    'only the archive',
    { archive },
    { verdict: 'recover', source: { kind: 'archive', name: 'a', revision: 90 }, lostMs: 40_000 },
  ],
  ['only a survivor', { survivors: [survivor] }, { source: { kind: 'survivor', revision: 100 }, lostMs: 0 }],
  ['a survivor that is ahead', { survivors: [survivor], archive }, { source: { kind: 'survivor' }, lostMs: 0 }],
  [
    'a survivor that is behind',
    { survivors: [{ ...survivor, revision: 80 }], archive },
    { source: { kind: 'archive', revision: 90 } },
  ],
  ['as far as the archive', { survivors: [{ ...survivor, revision: 90 }], archive }, { source: { kind: 'survivor' } }],
  [
    'an archive of an earlier life, with higher revisions',
    { survivors: [{ ...survivor, revision: 5 }], archive: { ...archive, history: 'earlier' } },
    { source: { kind: 'survivor', revision: 5 } },
  ],
  [
    'a learner that has not caught up to where its quorum was formed',
    { survivors: [{ ...survivor, history: undefined }], archive },
    { source: { kind: 'archive', revision: 90 } },
  ],
  [
    'such a learner, and an archive of an earlier life',
    { survivors: [{ ...survivor, history: undefined }], archive: { ...archive, history: null } },
    { source: { kind: 'archive', revision: 90 } },
  ],
  [
    'such a learner, and nothing else',
    { survivors: [{ ...survivor, history: undefined }] },
    { source: { kind: 'survivor' } },
  ],
  [
    'the best of two survivors',
    { survivors: [{ ...survivor, endpoint: 'b', revision: 99 }, survivor] },
    { source: { endpoint: '10.0.0.1:2379' } },
  ],
])('%s', (_, over, plan) => {
  expect(decideRecovery({ ...input, ...over })).toMatchObject(plan);
});

test('a survivor may have been cut off before the loss: up to where that can matter is said', () => {
  const said = (over: Partial<RecoveryInput>) => {
    const plan = decideRecovery({ ...input, survivors: [survivor], ...over });
    return plan.verdict === 'recover' ? plan.lost : '';
  };
  expect(said({ archive })).toMatch(/cut off from the others before, after 2026-01-01T11:59:20.000Z\.$/);
  expect(said({})).not.toMatch(/cut off/);
  expect(said({ archive: { ...archive, history: 'earlier' } })).not.toMatch(/cut off/);
});

test('what is wrong in a thousand places still fits through a state machine', () => {
  const notes = Array.from(
    { length: 1_000 },
    (_, n) => new ArchiveError('tampered', `${n} ${'x'.repeat(10_000)}`).message,
  );
  const plan = decideRecovery({ ...input, archive, notes });
  expect(plan.notes).toHaveLength(21);
  expect(plan.notes.at(-1)).toBe('And 980 more like these.');
  expect(JSON.stringify(plan).length).toBeLessThan(16_384);
});

test('a state older than what Milvus tolerates is said to be', () => {
  const plan = decideRecovery({
    ...input,
    archive: { ...archive, asOf: '2026-01-01T08:00:00.000Z' },
    notes: ['first'],
  });
  expect(plan.notes).toEqual(['first', expect.stringContaining('older than the 3 h')]);
});
