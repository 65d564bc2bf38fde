/**
 * The containers of a cluster as ECS starts them (image, command, environment, memory: read from their task definitions),
 * planned for somebody who starts them without ECS and in their order: addresses fixed beforehand, secrets and credentials given
 * directly, roles that wait for nothing.
 */
import { DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import { memberHost, memberName, metadataHost, taskFamily } from '../../functions/common/cluster/names.ts';
import { clusterSpecSchema } from '../../functions/common/cluster/spec.ts';
import { planRoles, profileOf } from '../../functions/common/releases/plan.ts';
import { roleCommand } from '../../functions/launch-services/task-definition.ts';
import { awsEnvironment, type LocalSettings } from '../../local/settings.ts';
import { awsClient } from '../../local/stack/aws.ts';
import { messagesUser } from '../../local/stack/deploy.ts';
import { addressInNetwork, withAddresses, withCommand, type Container } from '../containers.ts';

export const NAMESPACE = 'redkite.internal';

export interface SameContainers {
  readonly members: readonly Container[];
  /** Every Milvus role; they look for their metadata under `metadataName`. */
  readonly roles: readonly Container[];
  readonly proxy: Container;
  readonly metadataName: string;
  readonly clientPort: number;
}

/** `prefix` of their names, so that several plans may be told apart; `firstHost` of the network. */
export async function sameContainers(
  settings: LocalSettings,
  cluster: string,
  { prefix, firstHost }: { readonly prefix: string; readonly firstHost: number },
): Promise<SameContainers> {
  const ecs = awsClient(settings, ECSClient);
  const spec = clusterSpecSchema.parse({ name: cluster });
  const user = await messagesUser(settings);
  const credentials = awsEnvironment(settings);
  const defined = async (part: string, host: number, environment: Record<string, string>): Promise<Container> => {
    const family = taskFamily(settings.stage, cluster, part);
    const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: family }));
    if (taskDefinition?.containerDefinitions === undefined) throw new Error(`There is no task definition ${family}.`);
    const { containerDefinitions, memory } = taskDefinition;
    return {
      name: `${prefix}-${part}`,
      address: addressInNetwork(settings, host),
      definition: { family, containerDefinitions, memory },
      environment,
    };
  };
  const ordinals = Array.from({ length: spec.metadata.members }, (_, ordinal) => ordinal);
  const members = await Promise.all(ordinals.map((n) => defined(memberName(n), firstHost + n, {})));
  const named = members.map(({ address }, n) => [`${memberHost(cluster, n)}.${NAMESPACE}`, address] as const);
  const roles = await Promise.all(
    planRoles(spec).map(async (role, index) => {
      const container = await defined(role.role, firstHost + members.length + index, {
        KAFKA_SASLUSERNAME: user.username,
        KAFKA_SASLPASSWORD: user.password,
        MINIO_USEIAM: 'false',
        MINIO_ACCESS_KEY_ID: credentials['AWS_ACCESS_KEY_ID'] ?? '',
        MINIO_SECRET_ACCESS_KEY: credentials['AWS_SECRET_ACCESS_KEY'] ?? '',
      });
      return { ...container, definition: withCommand(container.definition, roleCommand(role)) };
    }),
  );
  const proxy = roles.find(({ name }) => name === `${prefix}-proxy`);
  if (proxy === undefined) throw new Error('The release has no proxy.');
  return {
    members: members.map((member) => withAddresses(member, named)),
    roles,
    proxy,
    metadataName: `${metadataHost(cluster)}.${NAMESPACE}`,
    clientPort: profileOf(spec).ports.client,
  };
}
