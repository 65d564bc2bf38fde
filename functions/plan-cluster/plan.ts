/**
 * First step of a create: is everything there that a cluster stands on, and what has to run? It reads only, so a create
 * that cannot succeed ends before anything is made.
 */
import { DescribeClusterV2Command, GetBootstrapBrokersCommand, type KafkaClient } from '@aws-sdk/client-kafka';
import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Ownership } from '../common/cluster/record.ts';
import { BUILDING } from '../common/cluster/phases.ts';
import { memberGroups, serviceGroup } from '../common/cluster/names.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { getOwned, type RegistryTable } from '../common/registry/registry.ts';
import { planRoles } from '../common/releases/plan.ts';

export interface PlanDeps {
  readonly registry: RegistryTable;
  readonly kafka: KafkaClient;
  readonly s3: S3Client;
  readonly messagesArn: string;
  readonly bucket: string;
}

export interface CreatePlan extends Ownership {
  /** host:port of each broker's SASL/SCRAM listener. */
  readonly brokers: readonly string[];
  readonly members: readonly { readonly group: string; readonly count: number }[];
  readonly roles: readonly { readonly group: string; readonly count: number }[];
}

export async function planCluster(deps: PlanDeps, operation: Ownership): Promise<CreatePlan> {
  const record = await getOwned(deps.registry, operation, BUILDING);
  const [brokers] = await Promise.all([findBrokers(deps), checkBucket(deps)]);
  return {
    cluster: operation.cluster,
    generation: operation.generation,
    brokers,
    members: memberGroups(record.name, record.spec.metadata.members).map((group) => ({ group, count: 1 })),
    roles: planRoles(record.spec).map(({ role, replicas }) => ({
      group: serviceGroup(record.name, role),
      count: replicas,
    })),
  };
}

async function findBrokers({ kafka, messagesArn }: PlanDeps): Promise<string[]> {
  const { ClusterInfo } = await kafka.send(new DescribeClusterV2Command({ ClusterArn: messagesArn }));
  if (ClusterInfo?.State !== 'ACTIVE') {
    throw new RedkiteError(
      'MessagingUnreachable',
      `The MSK cluster is ${ClusterInfo?.State ?? 'unknown'}, not ACTIVE.`,
    );
  }
  const { BootstrapBrokerStringSaslScram } = await kafka.send(
    new GetBootstrapBrokersCommand({ ClusterArn: messagesArn }),
  );
  if (!BootstrapBrokerStringSaslScram) {
    throw new RedkiteError('MessagingUnreachable', 'The MSK cluster has no SASL/SCRAM listener.');
  }
  return BootstrapBrokerStringSaslScram.split(',');
}

async function checkBucket({ s3, bucket }: PlanDeps): Promise<void> {
  try {
    await s3.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (cause) {
    throw new RedkiteError('StorageUnreachable', `The bucket ${bucket} does not answer: ${(cause as Error).message}`, {
      cause,
    });
  }
}
