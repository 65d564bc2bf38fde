/**
 * The limit of a wake: the containers of the sleeping cluster started by hand, its metadata put back from the same archive by the
 * same code, and its one name opened by one call. In the order that is fastest (decision 15): etcd first, the roles' processes
 * when their metadata can be found, in containers that were made meanwhile. Ready when a search at the proxy is answered right.
 * No Lambda, no state machine, no event, no load balancer; nothing is proved that the search does not prove.
 */
import {
  RegisterInstanceCommand,
  DeregisterInstanceCommand,
  ServiceDiscoveryClient,
} from '@aws-sdk/client-servicediscovery';
import type { NapArchive } from '../../functions/common/cluster/record.ts';
import { systemClock } from '../../functions/common/lambda/polling.ts';
import { connectFlush } from '../../functions/common/milvus/flush-port.ts';
import { getCluster } from '../../functions/common/registry/registry.ts';
import { flushCluster } from '../../functions/flush-cluster/flush.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { awsClient } from '../../local/stack/aws.ts';
import type { Stack } from '../../tests/chaos/stack.ts';
import { createContainer, removeContainers, startContainer, startCreated, stopContainer } from '../containers.ts';
import { healthy } from '../quorum/by-hand.ts';
import { answered } from './answered.ts';
import { refill } from './refill.ts';
import { sameContainers } from './same-containers.ts';

const PREFIX = 'by-hand';
/** Of the copy's network; ECS tasks get theirs from the other end of it. */
const FIRST_HOST = 201;
/** ECS's default. */
const LONGEST_GRACE_SECONDS = 30;
const FLUSH_MS = 60_000;
const FLUSH_LOOK_MS = 100;

export interface ByHand {
  /** Milliseconds from the request for the first container to the right answer. */
  readonly tookMs: number;
  /** Milliseconds to each point on the way. */
  readonly points: Readonly<Record<string, number>>;
  /** Flushes, stops everything at once with the grace that the task definitions give, and says how many milliseconds that took. */
  readonly stop: () => Promise<number>;
  readonly remove: () => Promise<void>;
}

export interface Engine {
  readonly settings: LocalSettings;
  readonly stack: Stack;
  /** unix:///path, as DOCKER_HOST. */
  readonly dockerHost: string;
}

/** What a cluster left when it fell asleep. */
export interface Asleep {
  readonly archive: NapArchive;
  /** A row that a search finds. */
  readonly row: number;
}

/** Leaves nothing running. */
export async function wakeByHand(engine: Engine, cluster: string, sleep: Asleep): Promise<ByHand> {
  const started = await startByHand(engine, cluster, sleep);
  await started.remove();
  return started;
}

export async function startByHand(
  { settings, stack, dockerHost }: Engine,
  cluster: string,
  sleep: Asleep,
): Promise<ByHand> {
  const plan = await sameContainers(settings, cluster, { prefix: PREFIX, firstHost: FIRST_HOST });
  const record = await getCluster(await stack.registry(), cluster);
  const serviceId = record?.discovery?.metadata;
  if (serviceId === undefined) throw new Error(`Cluster ${cluster} has no metadata name.`);
  const discovery = awsClient(settings, ServiceDiscoveryClient);
  const addresses = plan.members.map(({ address }) => address);
  const containers = [...plan.members, ...plan.roles];
  const proxy = `${plan.proxy.address}:${plan.clientPort}`;
  const remove = async () => {
    await removeContainers(settings, containers);
    for (const n of addresses.keys()) {
      await discovery.send(new DeregisterInstanceCommand({ ServiceId: serviceId, InstanceId: `${PREFIX}-${n}` }));
    }
  };
  const points: Record<string, number> = {};
  const asked = performance.now();
  const reached = (point: string) => (points[point] = performance.now() - asked);
  try {
    const metadata = async () => {
      await Promise.all(plan.members.map((member) => startContainer(settings, dockerHost, member)));
      await healthy(addresses);
      reached('quorum healthy');
      await refill(stack, cluster, sleep.archive, addresses);
      reached('metadata back');
      await Promise.all(
        addresses.map((address, n) =>
          discovery.send(
            new RegisterInstanceCommand({
              ServiceId: serviceId,
              InstanceId: `${PREFIX}-${n}`,
              Attributes: { AWS_INSTANCE_IPV4: address },
            }),
          ),
        ),
      );
      reached('metadata open');
    };
    await Promise.all([metadata(), ...plan.roles.map((role) => createContainer(settings, dockerHost, role))]);
    await Promise.all(plan.roles.map((role) => startCreated(dockerHost, role)));
    reached('roles started');
    await answered({ address: proxy }, sleep.row, () => reached('proxy listens'));
    return {
      tookMs: reached('answered'),
      points,
      remove,
      stop: async () => {
        const begun = performance.now();
        await flush(proxy);
        await Promise.all(
          containers.map(({ name, definition }) =>
            stopContainer(dockerHost, name, definition.containerDefinitions?.[0]?.stopTimeout ?? LONGEST_GRACE_SECONDS),
          ),
        );
        const tookMs = performance.now() - begun;
        await remove();
        return tookMs;
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function flush(proxy: string): Promise<void> {
  const outcome = await flushCluster(await connectFlush(proxy, FLUSH_MS), {
    budgetMs: FLUSH_MS,
    askAgainMs: FLUSH_MS,
    intervalMs: FLUSH_LOOK_MS,
    clock: systemClock,
    wakeWanted: () => Promise.resolve(false),
  });
  if (outcome.outcome !== 'flushed') throw new Error(`The flush by hand: ${outcome.outcome}.`);
}
