import { explainFailure } from '../../../functions/finish-operation/explain.ts';
import { clusterOfExecution, decideSettlement } from '../../../functions/settle-execution/decide.ts';
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
