/**
 * An etcd member as a task definition (decision 1 of the design): its identity is its Cloud Map name, known before the
 * task has an address, so a stock image needs no start script.
 */
import type { RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { logConfiguration, type Placement } from '../common/aws/placement.ts';
import { memberHost, memberName, taskFamily } from '../common/cluster/names.ts';
import { ETCD } from '../common/releases/profiles.ts';

export interface MemberInput {
  readonly cluster: string;
  readonly ordinal: number;
  readonly members: number;
  readonly namespace: string;
  readonly token: string;
  readonly image: string;
}

export function memberCommand({ cluster, ordinal, members, namespace, token }: MemberInput): string[] {
  const host = (n: number) => `${memberHost(cluster, n)}.${namespace}`;
  const peerUrl = (n: number) => `http://${host(n)}:${ETCD.peerPort}`;
  const initial = Array.from({ length: members }, (_, n) => `${memberName(n)}=${peerUrl(n)}`).join(',');
  return [
    'etcd',
    ...['--name', memberName(ordinal)],
    ...['--data-dir', '/tmp/etcd'],
    ...['--listen-peer-urls', `http://0.0.0.0:${ETCD.peerPort}`],
    ...['--listen-client-urls', `http://0.0.0.0:${ETCD.clientPort}`],
    ...['--initial-advertise-peer-urls', peerUrl(ordinal)],
    ...['--advertise-client-urls', `http://${host(ordinal)}:${ETCD.clientPort}`],
    ...['--initial-cluster', initial],
    ...['--initial-cluster-state', 'new'],
    ...['--initial-cluster-token', token],
    // As Milvus' own chart sets them: https://github.com/zilliztech/milvus-helm (values.yaml, etcd).
    ...['--auto-compaction-mode', 'revision'],
    ...['--auto-compaction-retention', '1000'],
    ...['--quota-backend-bytes', String(4 * 1024 ** 3)],
    ...['--heartbeat-interval', '500'],
    ...['--election-timeout', '2500'],
  ];
}

export function memberTaskDefinition(placement: Placement, member: MemberInput): RegisterTaskDefinitionCommandInput {
  const name = memberName(member.ordinal);
  return {
    family: taskFamily(placement.stage, member.cluster, name),
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: String(ETCD.cpu),
    memory: String(ETCD.memory),
    executionRoleArn: placement.executionRoleArn,
    containerDefinitions: [
      {
        name: 'etcd',
        image: member.image,
        essential: true,
        command: memberCommand(member),
        portMappings: [{ containerPort: ETCD.clientPort }, { containerPort: ETCD.peerPort }],
        logConfiguration: logConfiguration(placement, `${member.cluster}/${name}`),
        stopTimeout: 30,
      },
    ],
    tags: [
      { key: 'redkite:stage', value: placement.stage },
      { key: 'redkite:cluster', value: member.cluster },
    ],
  };
}
