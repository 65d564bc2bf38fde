/**
 * The limit of a create: the same containers (image, command, environment, memory) started by hand through the engine's
 * API, all at once, with addresses fixed beforehand so that nothing has to be registered; ready when every role says so
 * and a collection could be made. No Lambda, no state machine, no event, no DNS, no load balancer.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterSpecSchema } from '../../functions/common/cluster/spec.ts';
import { memberHost } from '../../functions/common/cluster/names.ts';
import type { Placement } from '../../functions/common/aws/placement.ts';
import { planRoles, profileOf } from '../../functions/common/releases/plan.ts';
import { ETCD } from '../../functions/common/releases/profiles.ts';
import { initialMembers, memberTaskDefinition } from '../../functions/launch-members/task-definition.ts';
import { roleCommand, roleTaskDefinition } from '../../functions/launch-services/task-definition.ts';
import { systemClock } from '../../functions/common/lambda/polling.ts';
import { observeRole } from '../../functions/probe-compute/probe.ts';
import { connectMilvus } from '../../functions/verify-cluster/milvus.ts';
import { verifyCluster } from '../../functions/verify-cluster/verify.ts';
import type { Images } from '../../local/images/images.ts';
import { awsEnvironment, type LocalSettings } from '../../local/settings.ts';
import {
  addressInNetwork,
  removeContainers,
  startContainer,
  withAddresses,
  withCommand,
  type Container,
} from '../containers.ts';

export interface ByHandInput {
  readonly images: Images;
  /** unix:///path, as DOCKER_HOST. */
  readonly dockerHost: string;
  readonly brokers: readonly string[];
  readonly user: { readonly username: string; readonly password: string };
  readonly bucket: string;
}

const NAME = 'by-hand';
const NAMESPACE = 'redkite.internal';
/** Of the copy's network; ECS tasks get theirs from the other end. */
const FIRST_HOST = 201;
const POLL_MS = 50;
const TIMEOUT_MS = 120_000;

export interface ByHandCluster {
  /** host:port of the proxy. */
  readonly address: string;
  readonly remove: () => Promise<void>;
}

export async function startByHand(settings: LocalSettings, input: ByHandInput): Promise<ByHandCluster> {
  const containers = plan(settings, input);
  const remove = () => removeContainers(settings, containers);
  try {
    await Promise.all(containers.map((container) => startContainer(settings, input.dockerHost, container)));
    const profile = profileOf(clusterSpecSchema.parse({ name: NAME }));
    const roles = containers.filter(({ definition }) => definition.taskRoleArn !== undefined);
    await Promise.all(roles.map((role) => healthy(role, profile.ports.management)));
    const proxy = roles.find(({ name }) => name.endsWith('proxy'));
    if (proxy === undefined) throw new Error('The release has no proxy.');
    const address = `${proxy.address}:${profile.ports.client}`;
    await verifyCluster(await connectMilvus(address, TIMEOUT_MS), {
      budgetMs: TIMEOUT_MS,
      intervalMs: POLL_MS,
      clock: systemClock,
    });
    return { address, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function plan(settings: LocalSettings, { images, brokers, user, bucket }: ByHandInput): Container[] {
  const spec = clusterSpecSchema.parse({ name: NAME });
  const profile = profileOf(spec);
  const placement: Placement = {
    stage: settings.stage,
    ecsCluster: NAME,
    network: {},
    executionRoleArn: NAME,
    logGroup: NAME,
    region: settings.region,
    cpuArchitecture: 'X86_64' as const,
  };
  const address = (index: number) => addressInNetwork(settings, FIRST_HOST + index);
  const ordinals = Array.from({ length: spec.metadata.members }, (_, ordinal) => ordinal);
  // Names are for tasks whose addresses nobody knows beforehand.
  const named = ordinals.map((ordinal) => [`${memberHost(NAME, ordinal)}.${NAMESPACE}`, address(ordinal)] as const);
  const members = ordinals.map((ordinal): Container => {
    const definition = memberTaskDefinition(placement, {
      cluster: NAME,
      ordinal,
      namespace: NAMESPACE,
      token: NAME,
      state: 'new',
      initialCluster: initialMembers(NAME, spec.metadata.members, NAMESPACE),
      image: images.etcd,
    });
    return { name: `${NAME}-etcd-${ordinal}`, address: address(ordinal), definition, environment: {} };
  });
  const milvus = {
    image: images.milvus,
    namespaceName: NAMESPACE,
    bucket,
    objects: { address: settings.network.gateway, port: String(settings.ports.emulator), tls: false },
    brokers,
    messagesSecretArn: NAME,
    taskRoleArn: NAME,
  };
  const credentials = awsEnvironment(settings);
  const roles = planRoles(spec).map((role, index): Container => ({
    name: `${NAME}-${role.role}`,
    address: address(members.length + index),
    definition: withCommand(
      roleTaskDefinition(placement, { spec, role, profile, settings: milvus }),
      roleCommand(role),
    ),
    environment: {
      ETCD_ENDPOINTS: ordinals.map((ordinal) => `${address(ordinal)}:${ETCD.clientPort}`).join(','),
      KAFKA_SASLUSERNAME: user.username,
      KAFKA_SASLPASSWORD: user.password,
      MINIO_USEIAM: 'false',
      MINIO_ACCESS_KEY_ID: credentials['AWS_ACCESS_KEY_ID'] ?? '',
      MINIO_SECRET_ACCESS_KEY: credentials['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  }));
  return [...members, ...roles].map((container) => withAddresses(container, named));
}

async function healthy({ name, address }: Container, port: number): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const { problem } = await observeRole(name, address, { port, timeoutMs: 2_000 });
    if (problem === undefined) return;
    if (Date.now() > deadline) throw new Error(`${name} was not healthy in time: ${problem}`);
    await sleep(POLL_MS);
  }
}
