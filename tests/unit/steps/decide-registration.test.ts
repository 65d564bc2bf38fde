import { decideRegistration } from '../../../functions/register-task/decide.ts';
import { aRecord, aTask } from '../../fixtures/clusters.ts';

const record = aRecord({
  discovery: { metadata: 'srv-metadata', members: ['srv-0', 'srv-1', 'srv-2'] },
  entry: { generation: 1, targetGroups: { grpc: 'tg-grpc', rest: 'tg-rest' }, rules: [] },
});
const member = { kind: 'member', cluster: 'demo', ordinal: 0 } as const;
const proxy = { kind: 'role', cluster: 'demo', role: 'proxy' } as const;
const STOPPED = { lastStatus: 'STOPPED', desiredStatus: 'STOPPED' };
const decide = (input: Partial<Parameters<typeof decideRegistration>[0]>) =>
  decideRegistration({ part: member, task: aTask(), record, tasks: [], clientPort: 19530, joining: [], ...input });

describe('registration of an etcd member', () => {
  test('a serving member takes its own name, and not the metadata name before that is open', () => {
    expect(decide({})).toEqual([
      { kind: 'register-name', serviceId: 'srv-0', instanceId: 'member-0', address: '10.0.0.5' },
    ]);
  });
  test('with open metadata it takes both names', () => {
    const actions = decide({ record: { ...record, metadataOpen: true } });
    expect(actions.map((action) => 'serviceId' in action && action.serviceId)).toEqual(['srv-0', 'srv-metadata']);
  });
  test('a stopped member gives its name back', () => {
    expect(decide({ task: aTask(STOPPED) })).toEqual([
      { kind: 'deregister-name', serviceId: 'srv-0', instanceId: 'member-0' },
    ]);
  });
  test('a late STOPPED does not take the name from the successor', () => {
    expect(decide({ task: aTask(STOPPED), tasks: [aTask({ taskId: 'task-2' })] })).toEqual([]);
  });
  test('nothing happens before the names exist, or before the task has an address', () => {
    expect(decide({ record: aRecord() })).toEqual([]);
    const { address, ...unreachable } = aTask({ lastStatus: 'PENDING' });
    expect(decide({ task: unreachable })).toEqual([]);
  });
  test('a member that is about to join a quorum takes its own name, and never the metadata name', () => {
    const joining = { record: { ...record, metadataOpen: true }, joining: [0] };
    const task = aTask({ lastStatus: 'PENDING' });
    expect(decide({ ...joining, task })).toEqual([
      { kind: 'register-name', serviceId: 'srv-0', instanceId: 'member-0', address: '10.0.0.5' },
    ]);
    expect(decide({ ...joining, task: { ...task, desiredStatus: 'STOPPED' } })).toEqual([]);
    // One of a new quorum, whose others look for it already.
    expect(decide({ task })).toEqual([]);
  });
});

describe('registration of a proxy', () => {
  const task = aTask({ group: 'service:demo_proxy' });
  test('a serving proxy becomes a target of every group', () => {
    expect(decide({ part: proxy, task })).toEqual([
      { kind: 'register-target', targetGroupArn: 'tg-grpc', address: '10.0.0.5', port: 19530 },
      { kind: 'register-target', targetGroupArn: 'tg-rest', address: '10.0.0.5', port: 19530 },
    ]);
  });
  test.each(['waking', 'recovering', 'creating'] as const)(
    'of a cluster that is %s it waits until the entry of this operation is prepared',
    (phase) => {
      const again = { ...record, phase, generation: 2 };
      expect(decide({ part: proxy, task, record: again })).toEqual([]);
      expect(decide({ part: proxy, task: { ...task, ...STOPPED }, record: again })).toHaveLength(2);
    },
  );
  test.each(['awake', 'falling-asleep'] as const)('of a cluster that is %s it becomes one at once', (phase) => {
    expect(decide({ part: proxy, task, record: { ...record, phase, generation: 2 } })).toHaveLength(2);
  });
  test('a proxy that is asked to stop is taken out while it still runs', () => {
    const actions = decide({ part: proxy, task: { ...task, desiredStatus: 'STOPPED' } });
    expect(actions.map(({ kind }) => kind)).toEqual(['deregister-target', 'deregister-target']);
  });
  test('an address that a new task has taken over stays a target', () => {
    const actions = decide({ part: proxy, task: { ...task, ...STOPPED }, tasks: [{ ...task, taskId: 'task-2' }] });
    expect(actions).toEqual([]);
  });
  test('other roles are found through etcd, not through the load balancer', () => {
    expect(decide({ part: { ...proxy, role: 'querynode' }, task })).toEqual([]);
  });
});
