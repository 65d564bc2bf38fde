/**
 * The texts that make podman this copy's own: where it keeps everything, how its containers run, its one network. Pure,
 * so that what two copies share and what they do not can be read and tested in one place.
 *
 * Images are kept once, in the shared cache, and every copy sees them through `additionalimagestores`; containers,
 * network and sockets are the copy's alone.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { LocalSettings } from '../settings.ts';

export interface RuntimeFolders {
  /** Configuration files. */
  readonly config: string;
  readonly graphRoot: string;
  readonly static: string;
  readonly volumes: string;
  readonly networks: string;
  /** OCI hooks that run for each container. */
  readonly hooks: string;
  /** Mount points and sockets: short, because a socket's path may have 107 characters only. */
  readonly run: string;
}

export const RUN_FOLDER = '/run/redkite';

const foldersBelow = (base: string, run: string): RuntimeFolders => ({
  config: join(base, 'config'),
  graphRoot: join(base, 'storage'),
  // Below the graph root, where podman puts it by itself: conmon ends each container by a `podman container cleanup` that
  // is told the graph root and then looks for its database there. Not finding it, the container stays `stopped` and
  // never becomes `exited`, and whoever waits for its end (the emulator's ECS) waits for ever.
  static: join(base, 'storage', 'libpod'),
  volumes: join(base, 'volumes'),
  networks: join(base, 'networks'),
  hooks: join(base, 'hooks'),
  run,
});

export const runtimeFolders = (settings: LocalSettings): RuntimeFolders =>
  foldersBelow(join(settings.stateDir, 'containers'), join(RUN_FOLDER, String(settings.slot)));

/** The store that image builds write to; another cache folder is another store. */
export function imageFolders(settings: LocalSettings): RuntimeFolders {
  const key = createHash('sha256').update(settings.cacheDir).digest('hex').slice(0, 8);
  return foldersBelow(join(settings.cacheDir, 'images'), join(RUN_FOLDER, `images-${key}`));
}

export const serviceSocket = (settings: LocalSettings) => join(runtimeFolders(settings).run, 'podman.sock');
export const bridgeName = (settings: LocalSettings) => `redkite${settings.slot}`;

/** A TOML string or array of strings: JSON's form is valid for both. */
const toml = (value: string | number | readonly string[]) => JSON.stringify(value);

function section(name: string, values: Readonly<Record<string, string | number | readonly string[]>>): string {
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${toml(value)}`);
  return `[${name}]\n${lines.join('\n')}\n`;
}

/** Without a network it is the configuration of the image store, which no copy may make its own. */
export function containersConf(folders: RuntimeFolders, network?: LocalSettings['network']): string {
  return [
    section('containers', {
      // Milvus opens many files; podman started by a plain user session may not raise its limits further than this.
      default_ulimits: ['nofile=20000:20000', 'nproc=30000:30000'],
      ...(network === undefined ? {} : { dns_servers: [network.gateway] }),
      log_driver: 'k8s-file',
      log_size_max: 10 * 1024 * 1024,
    }),
    section('network', {
      network_backend: 'netavark',
      ...(network === undefined ? {} : { default_network: network.name, default_subnet: network.subnet }),
      network_config_dir: folders.networks,
    }),
    section('engine', {
      runtime: 'runc',
      cgroup_manager: 'cgroupfs',
      events_logger: 'file',
      // The default, shared memory of one fixed name, is common to all podman stores of a machine: a second copy's
      // first command would give this copy's locks away again.
      lock_type: 'file',
      tmp_dir: join(folders.run, 'libpod'),
      static_dir: folders.static,
      volume_path: folders.volumes,
      // What is done inside a container's network before its first process: the way to its task's credentials.
      ...(network === undefined ? {} : { hooks_dir: [folders.hooks] }),
    }),
  ].join('\n');
}

/** Only the image store itself has no other store to look into. */
export function storageConf(folders: RuntimeFolders, imageStore?: string): string {
  const storage = section('storage', {
    driver: 'overlay',
    runroot: join(folders.run, 'storage'),
    graphroot: folders.graphRoot,
  });
  return imageStore === undefined
    ? storage
    : `${storage}\n${section('storage.options', { additionalimagestores: [imageStore] })}`;
}

/**
 * Every image is built here, under `localhost`. MiniStack pulls before each start all the same, and podman would try
 * for 3 s; a blocked registry refuses at once, and the local image is then used.
 */
export const REGISTRIES_CONF = `unqualified-search-registries = []

[[registry]]
location = "localhost"
blocked = true
`;

const hostAddress = (subnet: string, host: number) => `${subnet.slice(0, subnet.lastIndexOf('.'))}.${host}`;

/**
 * The network's definition as podman keeps it. `internal`: containers reach each other and this machine, nothing else,
 * as in private subnets without a NAT gateway; and netavark makes no firewall rule, so none can be left behind. Names
 * are answered by our own DNS on the gateway, hence no `dns_enabled` (and no aardvark-dns). Addresses are handed out
 * below Kafka's fixed one.
 */
export function networkDefinition(settings: LocalSettings): string {
  const { name, subnet, gateway } = settings.network;
  return JSON.stringify({
    name,
    id: createHash('sha256').update(name).digest('hex'),
    driver: 'bridge',
    network_interface: bridgeName(settings),
    created: '2000-01-01T00:00:00Z',
    subnets: [{ subnet, gateway, lease_range: { start_ip: hostAddress(subnet, 2), end_ip: hostAddress(subnet, 249) } }],
    ipv6_enabled: false,
    internal: true,
    dns_enabled: false,
    ipam_options: { driver: 'host-local' },
  });
}
