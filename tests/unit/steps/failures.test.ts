import { explainFailure } from '../../../functions/finish-operation/explain.ts';
import { clusterOfExecution, decideSettlement } from '../../../functions/settle-execution/decide.ts';
import { recoveryName } from '../../../functions/common/cluster/names.ts';
import { aRecord } from '../../fixtures/clusters.ts';

describe('explainFailure', () => {
  test("a Lambda's error is told in its own words", () => {
    const cause = JSON.stringify({ errorType: 'StorageUnreachable', errorMessage: 'no bucket', trace: [] });
    expect(explainFailure('StorageUnreachable', cause)).toMatchObject({
      error: 'StorageUnreachable',
      message: 'no bucket',
    });
  });
  test('the error inside nested executions is found, however deep', () => {
    const inner = JSON.stringify({ Error: 'QuorumNotFormed', Cause: 'no leader' });
    const outer = JSON.stringify({ Error: 'States.TaskFailed', Cause: inner });
    expect(explainFailure('States.TaskFailed', outer)).toMatchObject({
      error: 'QuorumNotFormed',
      message: 'no leader',
    });
  });
  test.each(['', 'not json', '[1]', 'null', '"text"'])(
    'an unknown error with the cause %p still gets words',
    (cause) => {
      const { error, message, advice } = explainFailure('States.Timeout', cause);
      expect(error).toBe('States.Timeout');
      expect(message).not.toBe('');
      expect(advice).not.toBe('');
    },
  );
});

describe('decideSettlement', () => {
  const ended = { name: 'demo-create-1', status: 'ABORTED' };
  test('an execution that still owns its cluster is cleaned up after', () => {
    expect(decideSettlement(ended, aRecord())).toMatchObject({
      action: 'clean-up',
      input: { cluster: 'demo', generation: 1, error: 'Execution.ABORTED' },
    });
  });
  test.each([
    ['of a cluster that is gone', ended, undefined],
    ['that has recorded its failure', ended, aRecord({ phase: 'failed', owner: undefined as unknown as string })],
    ['of an earlier generation', ended, aRecord({ generation: 2, owner: 'demo-create-2' })],
    ['with a name somebody made up', { ...ended, name: 'test' }, aRecord()],
  ])('an execution %s is left alone', (_, execution, record) => {
    expect(decideSettlement(execution, record).action).toBe('ignore');
  });
});

test('the metadata lock of a replacement that ended is dropped, whatever the cluster does', () => {
  const name = `demo-replace-${'0f'.repeat(16)}`;
  expect(clusterOfExecution({ name: name })).toBe('demo');
  expect(clusterOfExecution({ name: 'demo-create-1' })).toBe('demo');
  expect(decideSettlement({ name, status: 'TIMED_OUT' }, aRecord({ phase: 'awake' }))).toMatchObject({
    action: 'drop-lock',
    cluster: 'demo',
    condition: { type: 'MetadataReady', status: 'Unknown', reason: 'ReplacementEnded' },
  });
});

test('so is that of a maintenance, which says nothing about the quorum', () => {
  const name = 'demo-maintain-watch-29384756';
  expect(clusterOfExecution({ name })).toBe('demo');
  const decision = decideSettlement({ name, status: 'ABORTED' }, aRecord({ phase: 'awake' }));
  expect(decision).toMatchObject({ action: 'drop-lock', cluster: 'demo' });
  expect(decision).not.toHaveProperty('condition');
});

test.each([
  ['maintain-quorum', undefined],
  ['replace-member', { reason: 'ReplacementEnded' }],
])('an execution of %s that a person named is known by its machine and its input', (machine, condition) => {
  const execution = {
    name: 'by-hand',
    machine: `arn:aws:states:eu-central-1:1:stateMachine:redkite-dev-${machine}`,
    input: '{"cluster":"demo"}',
    status: 'ABORTED',
  };
  expect(decideSettlement(execution, aRecord({ phase: 'awake' }))).toMatchObject({
    action: 'drop-lock',
    cluster: 'demo',
    ...(condition === undefined ? {} : { condition }),
  });
});

describe('a recovery that ended', () => {
  const machine = 'arn:aws:states:eu-central-1:1:stateMachine:redkite-dev-recover-quorum';
  const ended = { name: '7c9e6679-7425', machine, input: '{"cluster":"demo"}', status: 'TIMED_OUT' };

  test('in the middle leaves a cluster that is failed, and nothing is taken down', () => {
    const record = aRecord({ phase: 'recovering', generation: 3, owner: ended.name });
    expect(decideSettlement(ended, record)).toMatchObject({
      action: 'record-failure',
      operation: { cluster: 'demo', generation: 3 },
      again: { execution: recoveryName('demo', ended.name), input: { cluster: 'demo', attempt: 1 } },
    });
  });

  describe('and has said so', () => {
    const at = '2026-03-01T12:00:00.000Z';
    const failure = { error: 'TasksNotRunning', message: 'm', advice: 'a', execution: ended.name, at };
    const failed = aRecord({ phase: 'failed', hasServed: true, owner: undefined as unknown as string, failure });
    const settle = (changes: object, record = failed) =>
      decideSettlement({ ...ended, status: 'FAILED', error: 'TasksNotRunning', cause: 'no room', ...changes }, record);
    const input = (changes: object) => ({ input: JSON.stringify({ cluster: 'demo', ...changes }) });

    test.each([
      [{}, 1],
      [{ attempt: 1 }, 2],
      [{ attempt: 2, dryRun: false }, 3],
    ])('is tried again after a while, a few times: %j', (given, attempt) => {
      expect(settle(input(given))).toMatchObject({
        action: 'recover-again',
        again: { execution: recoveryName('demo', ended.name), input: { cluster: 'demo', attempt } },
      });
    });

    test('also when it was one that was tried again, and had not taken the cluster yet', () => {
      const earlier = aRecord({ ...failed, failure: { ...failure, execution: 'earlier' } });
      expect(settle(input({ attempt: 1 }), earlier).action).toBe('recover-again');
      expect(settle({}, earlier).action).toBe('drop-lock');
    });

    test.each<[string, object]>([
      ['after the last time', input({ attempt: 3 })],
      ['what people had chosen', input({ restore: { archive: 'a' } })],
      ['a plan', input({ dryRun: true })],
      ['what a person has ended', { status: 'ABORTED', error: undefined, cause: undefined }],
      ['what would fail in the same way', { error: 'NothingToRestore' }],
      [
        'what would, said by an execution inside',
        { error: 'States.TaskFailed', cause: '{"Error":"ArchiveUnusable","Cause":"x"}' },
      ],
    ])('is not: %s', (_, changes) => {
      expect(settle(changes).action).toBe('drop-lock');
    });

    test.each(['awake', 'asleep', 'deleting'] as const)('is not where the cluster is %s by now', (phase) => {
      expect(settle(input({ attempt: 1 }), aRecord({ ...failed, phase })).action).toBe('drop-lock');
    });
  });

  test.each(['awake', 'recovering', 'failed'] as const)(
    'before it had taken the cluster, which is %s, lets go of the lock and says nothing',
    (phase) => {
      const decision = decideSettlement(ended, aRecord({ phase, owner: 'another' }));
      expect(decision).toMatchObject({ action: 'drop-lock', cluster: 'demo' });
      expect(decision).not.toHaveProperty('condition');
    },
  );
});
