/** The steps of replace-member at their edges: what they ask of AWS and etcd, and what they make of the answers. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeTasksCommand, ECSClient, ListTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { RegisterInstanceCommand, ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { advanceQuorum, type Turn } from '../../../functions/advance-quorum/advance.ts';
import { changeMembership } from '../../../functions/advance-quorum/change.ts';
import { assess } from '../../../functions/assess-quorum/assess.ts';
import { EtcdError, type EtcdClient } from '../../../functions/common/etcd/client.ts';
import type { AskedMember } from '../../../functions/common/quorum/members.ts';
import { QUORUM_POLICY } from '../../../functions/common/quorum/policy.ts';
import { finishReplacement } from '../../../functions/finish-replacement/finish.ts';
import { launchMember } from '../../../functions/launch-member/launch.ts';
import { observeMembers } from '../../../functions/observe-members/observe.ts';
import { aRecord, aTask, NOW } from '../../fixtures/clusters.ts';
import { peerUrlOf } from './world.ts';

const region = { region: 'eu-central-1' };
const dynamo = mockClient(DynamoDBDocumentClient);
const ecs = mockClient(ECSClient);
const discovery = mockClient(ServiceDiscoveryClient);
const registry = { client: DynamoDBDocumentClient.from(new DynamoDBClient(region)), table: 'registry' };
const source = { ecs: new ECSClient(region), ecsCluster: 'redkite-dev' };
const placement = {
  stage: 'dev',
  ecsCluster: 'redkite-dev',
  network: {},
  executionRoleArn: 'arn:execution',
  logGroup: 'logs',
  region: 'eu-central-1',
};
const named = (name: string) => Object.assign(new Error(name), { name });
const awake = aRecord({
  phase: 'awake',
  metadataOpen: true,
  discovery: { metadata: 'srv-m', members: ['srv-0', 'srv-1', 'srv-2'] },
});
const OWNER = 'demo-replace-abc';
const IMAGE = 'etcd:v3.6.16';
const arn = (id: string) => `arn:aws:ecs:eu-central-1:1:task/redkite-dev/${id}`;
const raw = (id: string, ordinal: number, changes = {}) => ({
  taskArn: arn(id),
  group: `member:demo:${ordinal}`,
  lastStatus: 'RUNNING',
  desiredStatus: 'RUNNING',
  version: 3,
  attachments: [{ details: [{ name: 'privateIPv4Address', value: `10.0.0.${ordinal}` }] }],
  ...changes,
});
const known = (id: string, ordinal: number, changes = {}) =>
  aTask({ taskId: id, taskArn: arn(id), group: `member:demo:${ordinal}`, address: `10.0.0.${ordinal}`, ...changes });

const partition = (record: unknown, ...tasks: ReturnType<typeof known>[]) =>
  dynamo.on(QueryCommand).resolves({
    Items: [
      { sk: 'record', value: record },
      { sk: 'lock#metadata', owner: OWNER, joining: [2] },
      ...tasks.map((value) => ({ sk: `task#${value.taskId}`, value })),
    ],
  });

beforeEach(() => {
  for (const mock of [dynamo, ecs, discovery]) mock.reset();
  dynamo.on(PutCommand).resolves({});
  dynamo.on(UpdateCommand).resolves({});
  dynamo.on(DeleteCommand).resolves({});
  dynamo.on(GetCommand).resolves({ Item: { owner: OWNER, value: awake } });
  ecs.on(ListTasksCommand).resolves({ taskArns: [] });
});

describe('observe-members', () => {
  const input = { cluster: 'demo', owner: OWNER, retire: [] };
  const observe = (changes = {}) =>
    observeMembers(
      { registry, source, namespaceName: 'redkite.internal', image: IMAGE },
      { ...input, ...changes },
      NOW,
    );
  const ids = (seen: Awaited<ReturnType<typeof observe>>) =>
    seen.turn === 'ours' ? seen.observed.tasks.map(({ taskId, state }) => [taskId, state]) : seen;

  test('knows the names of all members and the tasks that ECS lists', async () => {
    partition(awake);
    ecs.on(ListTasksCommand).resolves({ taskArns: [arn('a')] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [raw('a', 1)] });
    expect(await observe()).toMatchObject({
      turn: 'ours',
      observed: {
        peerUrls: [0, 1, 2].map(peerUrlOf),
        tasks: [{ ordinal: 1, taskId: 'a', state: 'running', address: '10.0.0.1' }],
      },
    });
  });

  test('asks for each task that ECS does not list any more by name, and forgets what it does not know', async () => {
    partition(awake, known('a', 0), known('b', 1), known('c', 2));
    ecs
      .on(DescribeTasksCommand)
      .resolves({ tasks: [raw('a', 0, { desiredStatus: 'STOPPED' }), raw('b', 1, { lastStatus: 'STOPPED' })] });
    expect(ids(await observe())).toEqual([['a', 'stopping']]);
    expect(dynamo.commandCalls(DeleteCommand).map(({ args }) => args[0].input.Key)).toEqual([
      { pk: 'demo', sk: 'task#c' },
    ]);
  });

  test('believes the newer word on a task', async () => {
    partition(awake, known('a', 0, { lastStatus: 'STOPPED', version: 5 }));
    ecs.on(ListTasksCommand).resolves({ taskArns: [arn('a')] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [raw('a', 0, { version: 4 })] });
    expect(ids(await observe())).toEqual([]);
  });

  test('for an upgrade every member is to be replaced that is made in another way', async () => {
    partition(awake);
    ecs.on(ListTasksCommand).resolves({ taskArns: ['a', 'b', 'c'].map(arn) });
    const made = (image: string, memory: string) => ({ containers: [{ image }], cpu: '256', memory });
    ecs.on(DescribeTasksCommand).resolves({
      tasks: [
        raw('a', 0, made(IMAGE, '1024')),
        raw('b', 1, made('etcd:v3.6.15', '1024')),
        raw('c', 2, made(IMAGE, '512')),
      ],
    });
    expect(await observe({ upgrade: true })).toMatchObject({ observed: { retire: ['b', 'c'] } });
    expect(await observe()).toMatchObject({ observed: { retire: [], tasks: [{ image: IMAGE }, {}, {}] } });
  });

  test.each([
    ['falls asleep', { ...awake, phase: 'falling-asleep' }, {}],
    ['is created by somebody else', aRecord(), {}],
    ['is created in another generation', aRecord(), { generation: 2 }],
    ['is cleaned up', aRecord({ retreating: true }), { generation: 1 }],
  ])('leaves a cluster alone that %s', async (_, record, changes) => {
    partition(record);
    expect(await observe(changes)).toMatchObject({ turn: 'over' });
    expect(ecs.calls()).toEqual([]);
    // The lock is taken first and given back at once.
    expect(dynamo.commandCalls(DeleteCommand).map(({ args }) => args[0].input.Key)).toEqual([
      { pk: 'demo', sk: 'lock#metadata' },
    ]);
  });

  test('a cluster that is gone is over', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [] });
    expect(await observe()).toMatchObject({ turn: 'over', reason: 'there is no cluster demo' });
  });

  test('works within the create that asks for it', async () => {
    partition(aRecord());
    expect(await observe({ generation: 1 })).toMatchObject({ turn: 'ours' });
  });

  test('leaves it to the owner of the lock', async () => {
    partition(awake);
    dynamo.on(UpdateCommand).callsFake(({ UpdateExpression }) => {
      if (UpdateExpression !== 'SET again = :true') throw named('ConditionalCheckFailedException');
      return {};
    });
    expect(await observe()).toMatchObject({ turn: 'theirs' });
  });

  test('says what is wrong, once', async () => {
    partition(awake);
    await observe({ degraded: 'etcd-1 has no task' });
    const said = () =>
      dynamo.commandCalls(UpdateCommand).flatMap(({ args }): unknown[] => {
        const condition: unknown = args[0].input.ExpressionAttributeValues?.[':condition'];
        return condition === undefined ? [] : [condition];
      });
    expect(said()).toMatchObject([{ status: 'False', reason: 'QuorumDegraded', message: 'etcd-1 has no task' }]);
    const told = { ...awake.conditions, MetadataReady: said()[0] };
    dynamo.resetHistory();
    partition({ ...awake, conditions: told });
    await observe({ degraded: 'etcd-1 has no task' });
    expect(said()).toEqual([]);
  });
});

describe('launch-member', () => {
  const deps = { registry, source, placement, namespaceName: 'redkite.internal', image: 'etcd' };
  const input = { cluster: 'demo', owner: OWNER, ordinal: 1, memberId: '9', initialCluster: 'etcd-1=x', spent: [] };
  const launch = (image = 'etcd') => launchMember({ ...deps, image }, { ...input, degraded: 'etcd-1 is gone' }, NOW);

  beforeEach(() => {
    partition(awake);
    ecs.on(RegisterTaskDefinitionCommand).resolves({ taskDefinition: { taskDefinitionArn: 'arn:definition' } });
    ecs.on(RunTaskCommand).resolves({ tasks: [{ lastStatus: 'PROVISIONING' }] });
  });

  test('starts one task for one member id, in the existing quorum', async () => {
    expect(await launch()).toEqual({
      wants: [{ group: 'member:demo:1', count: 1 }],
      launched: true,
      spent: [],
    });
    expect(ecs.commandCalls(RunTaskCommand)[0]?.args[0].input.clientToken).toBe('demo-1-9');
    const [container] = ecs.commandCalls(RegisterTaskDefinitionCommand)[0]?.args[0].input.containerDefinitions ?? [];
    const valueOf = (flag: string) => container?.command?.[container.command.indexOf(flag) + 1];
    expect(valueOf('--initial-cluster-state')).toBe('existing');
    expect(valueOf('--initial-cluster')).toBe('etcd-1=x');
    const written = dynamo.commandCalls(UpdateCommand).map(({ args }) => args[0].input.ExpressionAttributeValues);
    // Beside those that were joining; and people are told why.
    expect(written).toMatchObject([
      { ':joining': [2, 1] },
      { ':condition': { status: 'False', reason: 'QuorumDegraded', message: 'etcd-1 is gone' } },
    ]);
  });

  test.each([
    ['v3.6.16', 'v3.7.1', 'v3.7.1'],
    ['v3.6.16', 'v3.8.0', 'v3.6.16'],
  ])('among members of %s, where %s is deployed, %s is started', async (runs, deployed, started) => {
    partition(awake, known('a', 0, { image: `etcd:${runs}` }), known('b', 2, { image: 'etcd:v3.1.0', ended: true }));
    await launch(`etcd:${deployed}`);
    const [container] = ecs.commandCalls(RegisterTaskDefinitionCommand)[0]?.args[0].input.containerDefinitions ?? [];
    expect(container?.image).toBe(`etcd:${started}`);
  });

  test.each([
    ['whose one task has ended', { tasks: [{ lastStatus: 'STOPPED' }] }],
    ['that was started under another revision', named('ConflictException')],
  ])('a member %s is spent when no task runs', async (_, answer) => {
    if (answer instanceof Error) ecs.on(RunTaskCommand).rejects(answer);
    else ecs.on(RunTaskCommand).resolves(answer);
    expect(await launch()).toMatchObject({ launched: false, spent: ['9'] });
  });

  test('a member that was started before and runs is waited for', async () => {
    ecs.on(RunTaskCommand).rejects(named('ConflictException'));
    ecs.on(ListTasksCommand).resolves({ taskArns: [arn('a')] });
    ecs.on(DescribeTasksCommand).resolves({ tasks: [raw('a', 1, { lastStatus: 'PENDING' })] });
    expect(await launch()).toMatchObject({ launched: true, spent: [] });
  });

  test('nothing is started for a cluster that is being taken down', async () => {
    partition(aRecord({ retreating: true }));
    await expect(launch()).rejects.toMatchObject({ name: 'OwnershipLost' });
    expect(ecs.commandCalls(RunTaskCommand)).toHaveLength(0);
  });

  test('without the lock nothing is started', async () => {
    dynamo.on(UpdateCommand).rejects(named('ConditionalCheckFailedException'));
    await expect(launch()).rejects.toMatchObject({ name: 'OwnershipLost' });
    expect(ecs.commandCalls(RunTaskCommand)).toHaveLength(0);
  });

  test('what ECS cannot start is named', async () => {
    ecs.on(RunTaskCommand).resolves({ failures: [{ reason: 'RESOURCE:CPU' }] });
    await expect(launch()).rejects.toMatchObject({ name: 'MemberFailedToStart' });
  });
});

describe('finish-replacement', () => {
  const deps = { registry, namespace: { client: new ServiceDiscoveryClient(region), namespaceId: 'ns' } };
  const identity = { cluster: 'demo', owner: OWNER };
  const condition = () =>
    dynamo
      .commandCalls(UpdateCommand)
      .map(({ args }) => args[0].input.ExpressionAttributeValues?.[':condition'] as unknown)
      .find((value) => value !== undefined);

  test('puts members under the metadata name, says that all is well, and lets go', async () => {
    const tasks = [
      { ordinal: 1, taskId: 'a', taskArn: 'arn', state: 'running' as const, address: '10.0.0.1' },
      { ordinal: 2, taskId: 'b', taskArn: 'arn', state: 'stopping' as const, address: '10.0.0.2' },
    ];
    expect(await finishReplacement(deps, identity, { outcome: 'healthy', tasks }, NOW)).toEqual({ released: true });
    expect(discovery.commandCalls(RegisterInstanceCommand).map(({ args }) => args[0].input)).toEqual([
      { ServiceId: 'srv-m', InstanceId: 'member-1', Attributes: { AWS_INSTANCE_IPV4: '10.0.0.1' } },
    ]);
    expect(condition()).toMatchObject({ status: 'True', reason: 'QuorumHealthy' });
  });

  test('is asked to look again', async () => {
    dynamo.on(DeleteCommand).rejects(named('ConditionalCheckFailedException'));
    expect(await finishReplacement(deps, identity, { outcome: 'healthy', tasks: [] }, NOW)).toEqual({
      released: false,
    });
  });

  test.each([
    ['QuorumLost', 'False'],
    ['MemberNotReplaced', 'False'],
    ['States.Timeout', 'Unknown'],
  ])('an ending as %s makes the condition %s', async (error, status) => {
    await finishReplacement(deps, identity, { outcome: 'failed', error, cause: 'because' }, NOW);
    expect(condition()).toMatchObject({ status, reason: error, message: 'because' });
    expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(1);
  });

  test('one that has lost the lock says nothing any more', async () => {
    dynamo.on(GetCommand).resolves({ Item: { owner: 'another', value: awake } });
    await finishReplacement(deps, identity, { outcome: 'failed', error: 'QuorumLost', cause: '' }, NOW);
    expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(0);
    expect(dynamo.commandCalls(DeleteCommand)).toHaveLength(0);
  });
});

describe('etcd', () => {
  const answers = (
    ordinal: number,
    changes: { leader?: string; agreed?: boolean } = {},
  ): Extract<AskedMember, { answer: unknown }> => {
    const list = [0, 1, 2].map((n) => ({
      id: `m${n}`,
      name: `etcd-${n}`,
      peerUrls: [peerUrlOf(n)],
      isLearner: false,
    }));
    return {
      address: `10.0.0.${ordinal}`,
      answer: {
        status: {
          address: `10.0.0.${ordinal}`,
          memberId: `m${ordinal}`,
          clusterId: 'c',
          leader: changes.leader ?? 'm1',
          isLearner: false,
          raftIndex: 10,
          raftTerm: 1,
          version: '3.6.8',
        },
        storage: { dbSize: 1, dbSizeInUse: 1, dbSizeQuota: 1, revision: 1 },
        alarms: [],
        statusMs: 1,
        ...(changes.agreed === false ? {} : { agreed: list }),
        remembered: list,
      },
    };
  };
  const clock = () => {
    let now = 0;
    return {
      now: () => now,
      sleep: (milliseconds: number) => {
        now += milliseconds;
        // After everything that has an answer already.
        return new Promise<void>((resolve) => setImmediate(resolve));
      },
    };
  };

  const observed = {
    peerUrls: [0, 1, 2].map(peerUrlOf),
    tasks: [0, 1, 2].map((n) => ({
      ordinal: n,
      taskId: `t${n}`,
      taskArn: `t${n}`,
      state: 'running' as const,
      address: `10.0.0.${n}`,
    })),
    retire: [],
  };
  const memory = { since: {}, spent: [] };
  const optionsAt = () => ({ policy: QUORUM_POLICY, intervalMs: 100, budgetMs: 5_000, clock: clock() });

  test('an assessment asks again while there is only something to wait for', async () => {
    let looks = 0;
    const ask = () => {
      looks += 1;
      return Promise.resolve([0, 1, 2].map((n) => answers(n, looks < 3 ? { leader: '0', agreed: false } : {})));
    };
    const deps = { members: { ask, close: () => undefined }, tasks: () => Promise.resolve(observed.tasks) };
    expect(await assess(deps, { observed, memory }, optionsAt())).toMatchObject({ action: { kind: 'none' } });
    expect(looks).toBe(3);
  });

  test('an assessment sees a loss as soon as the registry hears of it', async () => {
    let looks = 0;
    const tasks = () => {
      looks += 1;
      return Promise.resolve(observed.tasks.slice(0, looks < 3 ? 3 : 1));
    };
    const ask = (addresses: readonly string[]) =>
      Promise.resolve(addresses.map((address) => ({ address, problem: 'connection refused' })));
    const deps = { members: { ask, close: () => undefined }, tasks };
    expect(await assess(deps, { observed, memory }, optionsAt())).toMatchObject({ action: { kind: 'quorum-lost' } });
    expect(looks).toBe(3);
  });

  test('a member whose task ends while it is asked is not waited for', async () => {
    let looks = 0;
    const tasks = () => {
      looks += 1;
      return Promise.resolve(observed.tasks.slice(0, looks < 2 ? 3 : 1));
    };
    const ask = (addresses: readonly string[]) =>
      addresses.length === 3
        ? new Promise<AskedMember[]>(() => undefined)
        : Promise.resolve(addresses.map((address) => ({ address, problem: 'connection refused' })));
    const deps = { members: { ask, close: () => undefined }, tasks };
    expect(await assess(deps, { observed, memory }, optionsAt())).toMatchObject({ action: { kind: 'quorum-lost' } });
  });

  const calls: string[] = [];
  const connectTo =
    (client: Partial<EtcdClient> = {}) =>
    (address: string) => {
      calls.push(address);
      const told = (name: string) => (id: unknown) => {
        calls.push(`${name} ${String(id)}`);
        return Promise.resolve([]);
      };
      return {
        memberRemove: told('remove'),
        memberPromote: told('promote'),
        moveLeader: told('move'),
        memberAddAsLearner: told('add'),
        close: () => undefined,
        ...client,
      } as unknown as EtcdClient;
    };
  const change = (
    what: Parameters<typeof changeMembership>[1],
    asked: AskedMember[],
    client: Partial<EtcdClient> = {},
  ) => {
    calls.length = 0;
    return changeMembership(connectTo(client), what, asked);
  };
  const all = [0, 1, 2].map((n) => answers(n));

  test('a change is made at the leader', async () => {
    expect(await change({ kind: 'remove-member', memberId: 'm2' }, all)).toMatchObject({ done: true });
    expect(calls).toEqual(['10.0.0.1', 'remove m2']);
    expect(await change({ kind: 'move-leader', from: 'm1', to: 'm0' }, all)).toMatchObject({ done: true });
    expect(calls).toEqual(['10.0.0.1', 'move m0']);
  });

  test('what is done already is done, what would be wrong is not', async () => {
    expect(await change({ kind: 'add-learner', peerUrl: peerUrlOf(1) }, all)).toMatchObject({ done: true });
    expect(await change({ kind: 'remove-member', memberId: 'm2' }, all.slice(0, 1))).toMatchObject({ done: false });
    expect(calls).toEqual([]);
  });

  test('without a quorum nothing is changed', async () => {
    const asked = [answers(0, { agreed: false })];
    expect(await change({ kind: 'remove-member', memberId: 'm2' }, asked)).toEqual({
      done: false,
      reason: 'no quorum answers',
    });
  });

  test('what etcd refuses is a value, what is wrong with us is not', async () => {
    const refuse = () => Promise.reject(new EtcdError('too-few-started', 'unhealthy cluster'));
    expect(await change({ kind: 'remove-member', memberId: 'm2' }, all, { memberRemove: refuse })).toEqual({
      done: false,
      reason: 'unhealthy cluster',
    });
    const broken = () => Promise.reject(new TypeError('x is undefined'));
    await expect(change({ kind: 'remove-member', memberId: 'm2' }, all, { memberRemove: broken })).rejects.toThrow('x');
  });

  describe('advance-quorum', () => {
    /** etcd with members 0 and 1, and the third as it is changed; its task runs once it has been added. */
    const quorumOfTwo = (third: 'dead' | 'learner') => {
      let list = answers(0).answer.agreed ?? [];
      if (third === 'learner') list = list.map((member) => ({ ...member, isLearner: member.id === 'm2' }));
      const told = (address: string, ordinal: number): AskedMember => {
        const { answer } = answers(ordinal);
        return ordinal === 2 && third === 'dead'
          ? { address, problem: 'connection refused' }
          : { address, answer: { ...answer, agreed: list, remembered: list } };
      };
      const client = {
        memberRemove: (id: string) => {
          calls.push(`remove ${id}`);
          list = list.filter((member) => member.id !== id);
          return Promise.resolve([]);
        },
        memberAddAsLearner: ([url = '']: readonly string[]) => {
          calls.push(`add ${url}`);
          const added = { id: 'm9', name: '', peerUrls: [url], isLearner: true };
          list = [...list, added];
          return Promise.resolve(added);
        },
        memberPromote: (id: string) => {
          calls.push(`promote ${id}`);
          if (calls.length < 6) return Promise.reject(new EtcdError('learner-not-ready', 'not yet'));
          list = list.map((member) => ({ ...member, isLearner: false }));
          return Promise.resolve([]);
        },
      } as unknown as Partial<EtcdClient>;
      const ask = (addresses: readonly string[]) =>
        Promise.resolve(addresses.map((address) => told(address, Number(address.at(-1)))));
      return { members: { ask, close: () => undefined }, connect: connectTo(client), report: () => undefined };
    };
    const turnWith = (count: number) => () =>
      Promise.resolve<Turn>({ ours: true, tasks: observed.tasks.slice(0, count) });

    beforeEach(() => {
      calls.length = 0;
    });

    test('a dead member is removed and added as a learner in one call; starting it is not for etcd', async () => {
      const advanced = await advanceQuorum(
        { ...quorumOfTwo('dead'), turn: turnWith(2) },
        { observed, memory },
        optionsAt(),
      );
      expect(calls).toEqual(['10.0.0.1', 'remove m2', '10.0.0.1', `add ${peerUrlOf(2)}`]);
      expect(advanced).toMatchObject({ action: { kind: 'launch-member', ordinal: 2, memberId: 'm9' } });
      expect(advanced.tasks).toHaveLength(2);
    });

    test('a learner is promoted as soon as its leader says so, and then all is well', async () => {
      const advanced = await advanceQuorum(
        { ...quorumOfTwo('learner'), turn: turnWith(3) },
        { observed, memory },
        optionsAt(),
      );
      expect(calls.filter((call) => call.startsWith('promote'))).toEqual(['promote m2', 'promote m2', 'promote m2']);
      expect(advanced).toMatchObject({ action: { kind: 'none' }, reason: '3 members are healthy' });
    });

    test('who has lost the lock changes nothing more', async () => {
      let looks = 0;
      const turn = (): Promise<Turn> => {
        looks += 1;
        return Promise.resolve(looks === 1 ? { ours: true, tasks: observed.tasks.slice(0, 2) } : { ours: false });
      };
      const advanced = await advanceQuorum({ ...quorumOfTwo('dead'), turn }, { observed, memory }, optionsAt());
      expect(calls).toEqual(['10.0.0.1', 'remove m2']);
      expect(advanced).toMatchObject({ action: { kind: 'wait' }, reason: 'the metadata lock is not ours any more' });
    });

    test('what etcd goes on refusing is waited for, and then given back', async () => {
      const quorum = quorumOfTwo('dead');
      const refuse = () => Promise.reject(new EtcdError('too-few-started', 'unhealthy cluster'));
      const connect = connectTo({ memberRemove: refuse });
      const advanced = await advanceQuorum(
        { ...quorum, connect, turn: turnWith(2) },
        { observed, memory },
        optionsAt(),
      );
      expect(advanced).toMatchObject({ action: { kind: 'wait' }, reason: 'unhealthy cluster' });
      expect(calls.length).toBeGreaterThan(10);
    });
  });
});
