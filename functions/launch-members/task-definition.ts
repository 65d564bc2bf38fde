/**
 * An etcd member as a task definition (decision 1 of the design): its identity is its Cloud Map name, known before the
 * task has an address, so a stock image needs no start script.
 */
import type { RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { logConfiguration, runtimePlatform, type Placement } from '../common/aws/placement.ts';
import { memberHost, memberName, memberPeerUrl, taskFamily } from '../common/cluster/names.ts';
import { ETCD } from '../common/releases/profiles.ts';

export interface MemberInput {
  readonly cluster: string;
  readonly ordinal: number;
  readonly namespace: string;
  readonly token: string;
  /** `new`: one of the first members. `existing`: takes the place of a lost one, in a quorum that has added it already. */
  readonly state: 'new' | 'existing';
  /** Every member of the quorum, as `name=peer URL,...`; with `existing` exactly as etcd lists them. */
  readonly initialCluster: string;
  readonly image: string;
}

/** What the members of a new quorum are told of each other. */
export function initialMembers(cluster: string, members: number, namespace: string): string {
  return Array.from({ length: members }, (_, n) => `${memberName(n)}=${memberPeerUrl(cluster, n, namespace)}`).join(
    ',',
  );
}

export function memberCommand({ cluster, ordinal, namespace, token, state, initialCluster }: MemberInput): string[] {
  return [
    'etcd',
    ...['--name', memberName(ordinal)],
    ...['--data-dir', '/tmp/etcd'],
    ...['--listen-peer-urls', `http://0.0.0.0:${ETCD.peerPort}`],
    ...['--listen-client-urls', `http://0.0.0.0:${ETCD.clientPort}`],
    ...['--initial-advertise-peer-urls', memberPeerUrl(cluster, ordinal, namespace)],
    ...['--advertise-client-urls', `http://${memberHost(cluster, ordinal)}.${namespace}:${ETCD.clientPort}`],
    ...['--initial-cluster', initialCluster],
    ...['--initial-cluster-state', state],
    ...['--initial-cluster-token', token],
    ...['--auto-compaction-mode', ETCD.autoCompaction.mode],
    ...['--auto-compaction-retention', ETCD.autoCompaction.retention],
    ...['--quota-backend-bytes', String(ETCD.quotaBytes)],
    ...['--max-txn-ops', String(ETCD.maxTxnOps)],
    // As Milvus' own chart sets them: https://github.com/zilliztech/milvus-helm (values.yaml, etcd).
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
    runtimePlatform: runtimePlatform(placement),
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
        // A member that stops has no data to save. Without a quorum it would look for somebody to lead for ten seconds.
        stopTimeout: 2,
      },
    ],
    tags: [
      { key: 'redkite:stage', value: placement.stage },
      { key: 'redkite:cluster', value: member.cluster },
    ],
  };
}
