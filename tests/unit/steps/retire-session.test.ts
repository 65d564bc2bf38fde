import { decideRetirement } from '../../../functions/register-task/decide.ts';
import { leasesAt } from '../../../functions/common/milvus/sessions.ts';
import { PHASES } from '../../../functions/common/cluster/phases.ts';
import { aRecord, aTask } from '../../fixtures/clusters.ts';

const STOPPED = { lastStatus: 'STOPPED', desiredStatus: 'STOPPED' };
const role = { kind: 'role', cluster: 'demo', role: 'querynode' } as const;

describe('whose session ends', () => {
  const session = (address: string, lease: string) => ({
    value: Buffer.from(JSON.stringify({ ServerID: 7, ServerName: 'querynode', Address: address })),
    lease,
  });

  test('those at the address, each lease once', () => {
    const kvs = [session('10.0.0.5:21123', '11'), session('10.0.0.5:53100', '11'), session('10.0.0.6:21123', '12')];
    expect(leasesAt('10.0.0.5', kvs)).toEqual(['11']);
  });
  test('an address that only begins alike is another', () => {
    expect(leasesAt('10.0.0.5', [session('10.0.0.50:21123', '11'), session('110.0.0.5:21123', '12')])).toEqual([]);
  });
  test('keys without a lease, and what is no session, are left alone', () => {
    const odd = ['42', 'null', '{"Address":5}', '{"Address":"10.0.0.5"', ''].map((value, index) => ({
      value: Buffer.from(value),
      lease: String(20 + index),
    }));
    expect(leasesAt('10.0.0.5', [session('10.0.0.5:21123', '0'), ...odd])).toEqual([]);
  });
});

describe('when it ends', () => {
  const record = aRecord({ phase: 'awake' });
  test('with its task', () => {
    expect(decideRetirement({ part: role, task: aTask(STOPPED), record })).toBe('10.0.0.5');
    // On Fargate the process is gone up to a minute before the task has stopped.
    expect(decideRetirement({ part: role, task: aTask({ desiredStatus: 'STOPPED', ended: true }), record })).toBe(
      '10.0.0.5',
    );
  });
  test('not before: one that was asked to stop still works, and ends its session by itself', () => {
    expect(decideRetirement({ part: role, task: aTask({ desiredStatus: 'STOPPED' }), record })).toBeUndefined();
    expect(decideRetirement({ part: role, task: aTask(), record })).toBeUndefined();
  });
  test('a member of etcd has none, and a task that never had an address neither', () => {
    const member = { kind: 'member', cluster: 'demo', ordinal: 0 } as const;
    expect(decideRetirement({ part: member, task: aTask(STOPPED), record })).toBeUndefined();
    const { address, ...never } = aTask(STOPPED);
    expect(decideRetirement({ part: role, task: never, record })).toBeUndefined();
  });
  test('only where etcd is meant to stay: not where everything is ended', () => {
    const ends = PHASES.filter(
      (phase) => decideRetirement({ part: role, task: aTask(STOPPED), record: aRecord({ phase }) }) !== undefined,
    );
    expect(ends).toEqual(['creating', 'awake', 'waking', 'upgrading', 'scaling']);
  });
});
