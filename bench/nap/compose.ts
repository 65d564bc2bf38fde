/**
 * The peer: the same cluster as a compose file, brought up by `podman-compose up` with health-checked dependencies. Its
 * metadata lies in the volumes of its etcd members, as it does where nobody archives it; so it has nothing to put back.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { NapArchive } from '../../functions/common/cluster/record.ts';
import { ETCD } from '../../functions/common/releases/profiles.ts';
import { podmanEnvironment } from '../../local/runtime/podman.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { ensureEnvironment } from '../../local/setup/python.ts';
import type { Stack } from '../../tests/chaos/stack.ts';
import { removeContainers, startContainer, stopContainer, type Container } from '../containers.ts';
import { healthy } from '../quorum/by-hand.ts';
import { answered } from './answered.ts';
import type { Asleep } from './by-hand.ts';
import { refill } from './refill.ts';
import { sameContainers, type SameContainers } from './same-containers.ts';

const PREFIX = 'composed';
const FIRST_HOST = 221;
const PODMAN = fileURLToPath(new URL('podman-with-health.sh', import.meta.url));
const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
/** Seconds; Milvus' own compose files say 30, which would only make the peer slower. */
const HEALTH_INTERVAL = 1;
/** Where etcd's command puts its data. */
const DATA = '/tmp/etcd';
const STOP_SECONDS = 10;

export interface ComposeInput {
  readonly settings: LocalSettings;
  readonly stack: Stack;
  readonly dockerHost: string;
}

/** Milliseconds from `podman-compose up` to the right answer of a search at the proxy. Leaves nothing running. */
export async function wakeByCompose(input: ComposeInput, cluster: string, { archive, row }: Asleep): Promise<number> {
  const { settings } = input;
  const plan = await sameContainers(settings, cluster, { prefix: PREFIX, firstHost: FIRST_HOST });
  const folder = join(settings.stateDir, 'bench', 'compose');
  rmSync(folder, { recursive: true, force: true });
  const volumes = plan.members.map(({ name }) => join(folder, name));
  for (const volume of volumes) mkdirSync(volume, { recursive: true });
  await fillVolumes(input, cluster, archive, plan, volumes);
  const file = join(folder, 'compose.yml');
  writeFileSync(file, stringify(composeFile(settings, plan, volumes)));
  const python = await ensureEnvironment(settings, REQUIREMENTS, () => undefined);
  const compose = join(python, '..', 'podman-compose');
  const env = {
    ...podmanEnvironment(settings),
    HEALTH_INTERVAL: String(HEALTH_INTERVAL),
    // Checks are not run by timers here, and podman would fail to make them.
    DISABLE_HC_SYSTEMD: 'true',
  };
  const asked = performance.now();
  try {
    const up = await execa(compose, ['--podman-path', PODMAN, '-p', PREFIX, '-f', file, 'up', '-d'], {
      env,
      reject: false,
      all: true,
      stdin: 'ignore',
    });
    if (up.failed) throw new Error(`podman-compose up failed:\n${up.all}`);
    await answered({ address: `${plan.proxy.address}:${plan.clientPort}` }, row);
    return performance.now() - asked;
  } finally {
    // What depends on others has to go before them.
    await removeContainers(settings, plan.roles);
    await removeContainers(settings, plan.members);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The members' data as a clean stop of a cluster leaves it: no session of a role is in there. Not measured. */
async function fillVolumes(
  { settings, stack, dockerHost }: ComposeInput,
  cluster: string,
  archive: NapArchive,
  { members }: SameContainers,
  volumes: readonly string[],
): Promise<void> {
  const filling = members.map((member, n): Container => ({ ...member, binds: [`${volumes[n] ?? ''}:${DATA}`] }));
  try {
    await Promise.all(filling.map((member) => startContainer(settings, dockerHost, member)));
    const addresses = members.map(({ address }) => address);
    await healthy(addresses);
    await refill(stack, cluster, archive, addresses);
    await Promise.all(filling.map(({ name }) => stopContainer(dockerHost, name, STOP_SECONDS)));
  } finally {
    await removeContainers(settings, filling);
  }
}

function composeFile(
  settings: LocalSettings,
  { members, roles, metadataName }: SameContainers,
  volumes: readonly string[],
) {
  const network = settings.network.name;
  const service = ({ name, address, definition, environment }: Container) => {
    const container = definition.containerDefinitions?.[0];
    const given = Object.fromEntries((container?.environment ?? []).map((pair) => [pair.name ?? '', pair.value ?? '']));
    return {
      container_name: name,
      image: container?.image,
      command: container?.command,
      environment: { ...given, ...environment },
      mem_limit: `${definition.memory ?? ''}m`,
      networks: { [network]: { ipv4_address: address } },
    };
  };
  const endpoints = members.map(({ address }) => `${address}:${ETCD.clientPort}`).join(',');
  const dependencies = Object.fromEntries(members.map(({ name }) => [name, { condition: 'service_healthy' }]));
  return {
    // Every container has its own address on the network.
    'x-podman': { in_pod: false },
    services: {
      ...Object.fromEntries(
        members.map((member, n) => [
          member.name,
          {
            ...service(member),
            volumes: [`${volumes[n] ?? ''}:${DATA}`],
            healthcheck: { test: ['CMD', 'etcdctl', 'endpoint', 'health'], interval: `${HEALTH_INTERVAL}s` },
          },
        ]),
      ),
      ...Object.fromEntries(
        roles.map((role) => {
          const made = service(role);
          const environment = Object.fromEntries(
            Object.entries(made.environment).map(([key, value]) => [
              key,
              value === `${metadataName}:${ETCD.clientPort}` ? endpoints : value,
            ]),
          );
          return [role.name, { ...made, environment, depends_on: dependencies }];
        }),
      ),
    },
    networks: { [network]: { external: true } },
  };
}
