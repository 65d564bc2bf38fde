import { decideRestore, type RestoreInput } from '../../../functions/common/recovery/decide-restore.ts';

const files = {
  ...{ named: 10, missing: 0, collections: 0, segments: 0 },
  ...{ firstCollections: [], firstSegments: [], firstFiles: [] },
};
const gone = {
  ...files,
  missing: 2,
  ...{ collections: 1, firstCollections: ['7'], segments: 1 },
  firstSegments: ['8'],
  firstFiles: ['insert_log/7'],
};
const input: RestoreInput = {
  source: { name: 'a', revision: 9, asOf: '2026-01-01T11:58:00.000Z' },
  present: { kind: 'quorum', revision: 20 },
  check: { files, unflushed: { segments: 0, collections: 0, firstCollections: [] } },
  allowMissing: false,
  notes: ['first'],
  now: new Date('2026-01-01T12:00:00Z'),
};

test('says what is restored, and what is lost until it is undone', () => {
  expect(decideRestore(input)).toMatchObject({
    verdict: 'recover',
    source: { kind: 'archive', name: 'a', revision: 9 },
    lost: 'Everything that was changed after 2026-01-01T11:58:00.000Z (2 min ago), until it is undone: the present state is archived first.',
    lostMs: 120_000,
    notes: ['first'],
  });
});

test('files that are gone refuse it, unless people accept that', () => {
  const check = { ...input.check, files: gone };
  expect(decideRestore({ ...input, check })).toMatchObject({
    verdict: 'refused',
    error: 'FilesMissing',
    reason: expect.stringContaining('2 are not in the bucket any more: 1 segment(s) (8) of 1 collection(s)') as string,
    check: { files: { firstFiles: ['insert_log/7'] } },
  });
  expect(decideRestore({ ...input, check, allowMissing: true })).toMatchObject({
    verdict: 'recover',
    notes: ['first', expect.stringContaining('2 are not in the bucket')],
  });
});

test('rows that were in Kafka alone are named', () => {
  const check = { files, unflushed: { segments: 3, collections: 2, firstCollections: ['7', '8'] } };
  expect(decideRestore({ ...input, check }).notes[1]).toMatch(
    /^3 segment\(s\) of 2 collection\(s\) were not marked as flushed/,
  );
});

test('without a present state nothing promises an undo', () => {
  const plan = decideRestore({ ...input, present: { kind: 'none', reason: 'no member runs' } });
  expect(plan).toMatchObject({ verdict: 'recover', lost: expect.not.stringContaining('undone') as string });
  expect(plan.notes).toContain('The present state cannot be archived: no member runs.');
});
