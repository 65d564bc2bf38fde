/**
 * A Milvus role as a task definition. Milvus takes all of its configuration from environment variables, so the stock
 * image runs as it is; secrets come from Secrets Manager, the bucket is reached with the task's role.
 */
import type { KeyValuePair, RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { logConfiguration, runtimePlatform, type Placement } from '../common/aws/placement.ts';
import { objectsRoot } from '../common/catalog/layout.ts';
import { metadataHost, taskFamily } from '../common/cluster/names.ts';
import type { ClusterSpec } from '../common/cluster/spec.ts';
import type { RolePlan } from '../common/releases/plan.ts';
import { ETCD, type ReleaseProfile } from '../common/releases/profiles.ts';
import { heldUntilFound } from './gate.ts';

export interface MilvusSettings {
  readonly image: string;
  readonly namespaceName: string;
  readonly bucket: string;
  /** host:port of the S3 endpoint, and whether it speaks TLS. */
  readonly objects: { readonly address: string; readonly port: string; readonly tls: boolean };
  readonly brokers: readonly string[];
  /** Secret with the JSON keys `username` and `password`. */
  readonly messagesSecretArn: string;
  readonly taskRoleArn: string;
}

export interface RoleInput {
  readonly spec: ClusterSpec;
  readonly role: RolePlan;
  readonly profile: ReleaseProfile;
  readonly settings: MilvusSettings;
  /** Seconds, where it is not the release's own: see common/cluster/undo.ts. */
  readonly unknownTolerance?: number | undefined;
}

/** Where every role of a cluster looks for its metadata. */
const metadataName = (spec: Pick<ClusterSpec, 'name'>, { namespaceName }: Pick<MilvusSettings, 'namespaceName'>) =>
  `${metadataHost(spec.name)}.${namespaceName}`;

/** What a role is, without the gate before it. */
export const roleCommand = ({ role }: Pick<RolePlan, 'role'>): string[] => ['milvus', 'run', role];

export function milvusEnvironment(
  { spec, role, profile, settings, unknownTolerance }: RoleInput,
  region: string,
): Record<string, string> {
  return {
    DEPLOY_MODE: 'DISTRIBUTED',
    ETCD_ENDPOINTS: `${metadataName(spec, settings)}:${ETCD.clientPort}`,
    ETCD_ROOTPATH: spec.name,
    COMMON_STORAGETYPE: 'remote',
    COMMON_CHANNAMEPREFIX_CLUSTER: spec.name,
    MINIO_ADDRESS: settings.objects.address,
    MINIO_PORT: settings.objects.port,
    MINIO_USESSL: String(settings.objects.tls),
    MINIO_USEIAM: 'true',
    MINIO_CLOUDPROVIDER: 'aws',
    MINIO_REGION: region,
    MINIO_BUCKETNAME: settings.bucket,
    MINIO_ROOTPATH: objectsRoot(spec.name),
    MQ_TYPE: 'kafka',
    KAFKA_BROKERLIST: settings.brokers.join(','),
    KAFKA_SECURITYPROTOCOL: 'SASL_SSL',
    KAFKA_SASLMECHANISMS: 'SCRAM-SHA-512',
    METRICS_PORT: String(profile.ports.management),
    LOG_STDOUT: 'true',
    LOG_LEVEL: 'info',
    // Query nodes would wait half an hour to hand segments to each other. A role that is killed loses nothing: what was
    // acknowledged is in Kafka. So short, because a sleep or a recovery (and everything that stops a cluster) waits for it.
    COMMON_GRACEFULSTOPTIMEOUT: '3',
    ...profile.environment,
    ...(spec.activeStandby && role.standbyVariable !== undefined ? { [role.standbyVariable]: 'true' } : {}),
    ...(unknownTolerance !== undefined && role.role === profile.garbage.role
      ? { [profile.garbage.unknownToleranceVariable]: String(unknownTolerance) }
      : {}),
  };
}

export function roleTaskDefinition(placement: Placement, input: RoleInput): RegisterTaskDefinitionCommandInput {
  const { spec, role, profile, settings } = input;
  const environment: KeyValuePair[] = Object.entries(milvusEnvironment(input, placement.region)).map(
    ([name, value]) => ({ name, value }),
  );
  return {
    family: taskFamily(placement.stage, spec.name, role.role),
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    runtimePlatform: runtimePlatform(placement),
    cpu: String(role.cpu),
    memory: String(role.memory),
    executionRoleArn: placement.executionRoleArn,
    taskRoleArn: settings.taskRoleArn,
    containerDefinitions: [
      {
        name: 'milvus',
        image: settings.image,
        essential: true,
        command: heldUntilFound(metadataName(spec, settings), roleCommand(role)),
        environment,
        secrets: [
          { name: 'KAFKA_SASLUSERNAME', valueFrom: `${settings.messagesSecretArn}:username::` },
          { name: 'KAFKA_SASLPASSWORD', valueFrom: `${settings.messagesSecretArn}:password::` },
        ],
        portMappings: [
          ...(role.layer === 'access' ? [{ containerPort: profile.ports.client }] : []),
          { containerPort: profile.ports.management },
        ],
        logConfiguration: logConfiguration(placement, `${spec.name}/${role.role}`),
        // Measured: the coordinators, the proxy and the index node are gone within 1.3 s; the data node would take 21 s, and
        // the query node waits for as long as it may.
        stopTimeout: 5,
      },
    ],
    tags: [
      { key: 'redkite:stage', value: placement.stage },
      { key: 'redkite:cluster', value: spec.name },
    ],
  };
}
