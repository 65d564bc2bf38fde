import { DescribeTasksCommand, ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { ClusterRecord } from '../../../functions/common/cluster/record.ts';
import { listAddresses } from '../../../functions/list-addresses/list.ts';
import { lossOfQuorum } from '../../../functions/list-addresses/lost.ts';
import { aRecord, aTask } from '../../fixtures/clusters.ts';

const waking = aRecord({ phase: 'waking', metadataOpen: true });
const member = (ordinal: number, changes: Parameters<typeof aTask>[0] = {}) =>
  aTask({ taskId: `m${ordinal}`, group: `member:demo:${ordinal}`, ...changes });

test.each<[string, ClusterRecord, ReturnType<typeof aTask>[], string | undefined]>([
  ['all are there', waking, [member(0), member(1), member(2)], undefined],
  ['one of three is being replaced', waking, [member(0), member(2), member(1, { lastStatus: 'PENDING' })], undefined],
  ['a member twice is one', waking, [member(0), member(0, { taskId: 'again' })], '1 of 3 etcd members are left'],
  ['all are gone', waking, [], '0 of 3 etcd members are left'],
  ['what stops is gone', waking, [member(0), member(1, { desiredStatus: 'STOPPED' })], '1 of 3 etcd members are left'],
  ['the bootstrap is in charge', { ...waking, metadataOpen: false }, [], undefined],
  ['an awake one looks after itself', { ...waking, phase: 'awake' }, [], undefined],
])('a quorum is lost or not: %s', (_, record, tasks, loss) => {
  expect(lossOfQuorum(record, tasks)).toBe(loss);
});

describe('asked of ECS', () => {
  const ecs = mockClient(ECSClient);
  const dynamo = mockClient(DynamoDBDocumentClient);
  const deps = {
    registry: { client: dynamo as unknown as DynamoDBDocumentClient, table: 'registry' },
    // The pages of a list want a real client; the mock answers in every one.
    source: { ecs: new ECSClient({ region: 'eu-central-1' }), ecsCluster: 'redkite' },
  };
  const task = (group: string, address: string) => ({
    taskArn: `arn:aws:ecs:eu-central-1:1:task/redkite/${group.replaceAll(':', '-')}`,
    group,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    attachments: [{ type: 'ElasticNetworkInterface', details: [{ name: 'privateIPv4Address', value: address }] }],
  });
  const tasks = [task('service:demo_proxy', '10.0.0.9'), task('member:demo:0', '10.0.0.1')];

  beforeEach(() => {
    ecs.reset();
    dynamo.reset();
    ecs
      .on(ListTasksCommand)
      .callsFake(({ startedBy }: { startedBy?: string }) => ({
        taskArns: [(startedBy === undefined ? tasks[0] : tasks[1])?.taskArn],
      }))
      .on(DescribeTasksCommand)
      .callsFake((input: { tasks: string[] }) => ({
        tasks: tasks.filter(({ taskArn }) => input.tasks.includes(taskArn)),
      }));
  });

  const known = (record: ClusterRecord) => dynamo.on(GetCommand).resolves({ Item: { value: record } });

  test('roles whose quorum is lost are not waited for', async () => {
    known(waking);
    await expect(listAddresses(deps, [{ group: 'service:demo_proxy' }])).rejects.toMatchObject({ name: 'QuorumLost' });
  });

  test('roles of a cluster whose bootstrap is in charge are where they are', async () => {
    known({ ...waking, metadataOpen: false });
    expect(await listAddresses(deps, [{ group: 'service:demo_proxy' }])).toEqual({
      groups: [{ group: 'service:demo_proxy', addresses: ['10.0.0.9'] }],
    });
  });

  test('who asks for members gets what is left of them', async () => {
    known(waking);
    expect(await listAddresses(deps, [{ group: 'member:demo:0' }, { group: 'member:demo:1' }])).toEqual({
      groups: [
        { group: 'member:demo:0', addresses: ['10.0.0.1'] },
        { group: 'member:demo:1', addresses: [] },
      ],
    });
    expect(dynamo.commandCalls(GetCommand)).toEqual([]);
  });
});
