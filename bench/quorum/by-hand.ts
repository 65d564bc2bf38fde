/**
 * The limits of a bootstrap and of a replaced member: the same etcd containers started by hand with fixed addresses, and
 * the three calls to etcd that put a new member in place of a lost one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { Placement } from '../../functions/common/aws/placement.ts';
import { memberHost, memberName, memberPeerUrl } from '../../functions/common/cluster/names.ts';
import { connectEtcd, isEtcdError } from '../../functions/common/etcd/client.ts';
import { connectMembers, endpointOf } from '../../functions/common/quorum/members.ts';
import { initialMembers, memberTaskDefinition } from '../../functions/launch-members/task-definition.ts';
import { decideQuorum, toObservation } from '../../functions/probe-quorum/probe.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { addressInNetwork, removeContainers, startContainer, withAddresses, type Container } from '../containers.ts';

const MEMBERS = 3;
const NAMESPACE = 'redkite.internal';
/** Of the copy's network; ECS tasks get theirs from the other end. */
const FIRST_HOST = 221;
const LOOK_MS = 20;
const TIMEOUT_MS = 60_000;

export interface Engine {
  readonly settings: LocalSettings;
  /** unix:///path, as DOCKER_HOST. */
  readonly dockerHost: string;
  readonly image: string;
}

export interface ByHandQuorum {
  /** From the request for the first container to three members that answer and agree. */
  readonly formedMs: number;
  /** Takes a follower away and puts a new member in its place. Milliseconds from adding it to three healthy members. */
  readonly replaceFollower: () => Promise<number>;
  readonly remove: () => Promise<void>;
}

export async function formByHand({ settings, dockerHost, image }: Engine): Promise<ByHandQuorum> {
  const cluster = `hand-${randomBytes(3).toString('hex')}`;
  const placement: Placement = {
    stage: settings.stage,
    ecsCluster: cluster,
    network: {},
    executionRoleArn: cluster,
    logGroup: cluster,
    region: settings.region,
    cpuArchitecture: 'X86_64' as const,
  };
  const addressOf = (ordinal: number) => addressInNetwork(settings, FIRST_HOST + ordinal);
  const ordinals = Array.from({ length: MEMBERS }, (_, ordinal) => ordinal);
  const addresses = ordinals.map(addressOf);
  const named = ordinals.map(
    (ordinal) => [`${memberHost(cluster, ordinal)}.${NAMESPACE}`, addressOf(ordinal)] as const,
  );
  const started: Container[] = [];
  const start = async (ordinal: number, state: 'new' | 'existing', suffix: string) => {
    const definition = memberTaskDefinition(placement, {
      cluster,
      ordinal,
      namespace: NAMESPACE,
      token: cluster,
      state,
      initialCluster: initialMembers(cluster, MEMBERS, NAMESPACE),
      image,
    });
    const name = `${cluster}-${memberName(ordinal)}${suffix}`;
    const container = withAddresses({ name, address: addressOf(ordinal), definition, environment: {} }, named);
    started.push(container);
    await startContainer(settings, dockerHost, container);
  };
  const remove = () => removeContainers(settings, started);
  try {
    const asked = performance.now();
    await Promise.all(ordinals.map((ordinal) => start(ordinal, 'new', '')));
    await healthy(addresses);
    const formedMs = performance.now() - asked;
    return {
      formedMs,
      remove,
      replaceFollower: async () => {
        const ordinal = await followerOf(addresses);
        const others = addresses.filter((_, index) => index !== ordinal);
        const peerUrl = memberPeerUrl(cluster, ordinal, NAMESPACE).replace(
          `${memberHost(cluster, ordinal)}.${NAMESPACE}`,
          addressOf(ordinal),
        );
        await removeContainers(settings, started.slice(ordinal, ordinal + 1));
        return replace({ addresses, others, peerUrl, start: () => start(ordinal, 'existing', '-again') });
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function replace({
  addresses,
  others,
  peerUrl,
  start,
}: {
  readonly addresses: readonly string[];
  readonly others: readonly string[];
  readonly peerUrl: string;
  readonly start: () => Promise<void>;
}): Promise<number> {
  const client = connectEtcd(others.map(endpointOf), { timeoutMs: 5_000 });
  try {
    const old = (await client.memberList({ linearizable: true })).find(({ peerUrls }) => peerUrls.includes(peerUrl));
    if (old === undefined) throw new Error(`No member has the URL ${peerUrl}.`);
    await client.memberRemove(old.id);
    const asked = performance.now();
    const { id } = await client.memberAddAsLearner([peerUrl]);
    await known(others, id);
    await start();
    await promoted(() => client.memberPromote(id));
    await healthy(addresses);
    return performance.now() - asked;
  } finally {
    client.close();
  }
}

/** A new member asks any of the others who the members are, and ends when it is not among them: one may not have heard yet. */
async function known(others: readonly string[], id: string): Promise<void> {
  const members = connectMembers(others, 2_000);
  const deadline = Date.now() + TIMEOUT_MS;
  try {
    for (;;) {
      const lists = (await members.ask()).map((member) => ('answer' in member ? member.answer.remembered : undefined));
      if (lists.every((list) => list?.some((listed) => listed.id === id) === true)) return;
      if (Date.now() > deadline) throw new Error('The new member was not known to all others in time.');
      await sleep(LOOK_MS);
    }
  } finally {
    members.close();
  }
}

async function promoted(promote: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    try {
      await promote();
      return;
    } catch (error) {
      if (!isEtcdError(error) || Date.now() > deadline) throw error;
    }
    await sleep(LOOK_MS);
  }
}

/** As probe-quorum decides it: what both sides are held to. */
export async function healthy(addresses: readonly string[]): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  const members = connectMembers(addresses, 2_000);
  try {
    for (;;) {
      const { ready, reason } = decideQuorum((await members.ask()).map(toObservation), addresses.length);
      if (ready) return;
      if (Date.now() > deadline) throw new Error(`The quorum was not healthy in time: ${reason}`);
      await sleep(LOOK_MS);
    }
  } finally {
    members.close();
  }
}

async function followerOf(addresses: readonly string[]): Promise<number> {
  const members = connectMembers(addresses, 2_000);
  try {
    const asked = await members.ask();
    const ordinal = asked.findIndex(
      (member) => 'answer' in member && member.answer.status.leader !== member.answer.status.memberId,
    );
    if (ordinal < 0) throw new Error('The quorum has no follower.');
    return ordinal;
  } finally {
    members.close();
  }
}
