/**
 * The container runtime of this copy: podman with everything of its own (see configuration.ts), its Docker-compatible
 * socket for the emulator's ECS, and the way to take all of it away again.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { credentialsHook } from '../emulator/task-credentials.ts';
import { awaitDaemon, startDaemon, stopDaemon } from '../processes.ts';
import type { LocalSettings } from '../settings.ts';
import {
  REGISTRIES_CONF,
  RUN_FOLDER,
  bridgeName,
  containersConf,
  imageFolders,
  networkDefinition,
  runtimeFolders,
  serviceSocket,
  storageConf,
  type RuntimeFolders,
} from './configuration.ts';

/** As a part of local mode: name of its record and its log. */
export const CONTAINER_SERVICE = 'containers';

/** Written only on change: podman of the same copy may be reading. */
function keep(file: string, content: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function configured(folders: RuntimeFolders, containers: string, storage: string): Record<string, string> {
  const files = {
    CONTAINERS_CONF: join(folders.config, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(folders.config, 'storage.conf'),
    CONTAINERS_REGISTRIES_CONF: join(folders.config, 'registries.conf'),
  };
  keep(files.CONTAINERS_CONF, containers);
  keep(files.CONTAINERS_STORAGE_CONF, storage);
  keep(files.CONTAINERS_REGISTRIES_CONF, REGISTRIES_CONF);
  for (const folder of [folders.run, folders.graphRoot]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return files;
}

/** What makes a `podman` of this copy, for every process that starts one. Writes the configuration it points to. */
export function podmanEnvironment(settings: LocalSettings): Record<string, string> {
  const store = imageFolders(settings).graphRoot;
  // An image store that does not exist makes every command fail.
  mkdirSync(store, { recursive: true, mode: 0o700 });
  const folders = runtimeFolders(settings);
  keep(join(folders.networks, `${settings.network.name}.json`), networkDefinition(settings));
  keep(join(folders.hooks, 'task-credentials.json'), credentialsHook(settings));
  return configured(folders, containersConf(folders, settings.network), storageConf(folders, store));
}

/** The same for image builds, which write to the store that all copies share. Hold the build lock. */
export function imageStoreEnvironment(settings: LocalSettings): Record<string, string> {
  const folders = imageFolders(settings);
  return configured(folders, containersConf(folders), storageConf(folders));
}

async function run(env: Record<string, string>, args: readonly string[]): Promise<string> {
  const result = await execa('podman', args, { env, reject: false, stdin: 'ignore' });
  if (result.failed) {
    const reason = result.stderr.trim() === '' ? result.shortMessage : result.stderr.trim();
    throw new Error(`podman ${args.slice(0, 2).join(' ')} failed: ${reason}`);
  }
  return result.stdout;
}

/** Runs podman for this copy; returns what it prints. Arguments are never part of the message: they may hold secrets. */
export const podman = (settings: LocalSettings, args: readonly string[]): Promise<string> =>
  run(podmanEnvironment(settings), args);

export const podmanForImages = (settings: LocalSettings, args: readonly string[]): Promise<string> =>
  run(imageStoreEnvironment(settings), args);

function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => {
      resolve(false);
    });
  });
}

/** The Docker-compatible API; returns the value of DOCKER_HOST. */
export async function startContainerService(settings: LocalSettings): Promise<string> {
  const socket = serviceSocket(settings);
  const url = `unix://${socket}`;
  startDaemon(settings, {
    name: CONTAINER_SERVICE,
    command: 'podman',
    args: ['system', 'service', '--time=0', url],
    env: podmanEnvironment(settings),
  });
  await awaitDaemon(settings, CONTAINER_SERVICE, () => accepts(socket), 15_000);
  return url;
}

export async function stopContainerService(settings: LocalSettings): Promise<void> {
  await stopDaemon(settings, CONTAINER_SERVICE);
  rmSync(serviceSocket(settings), { force: true });
}

/** The copy has used podman before; otherwise there is nothing to remove, and podman may not even be installed. */
const exists = (settings: LocalSettings) => existsSync(runtimeFolders(settings).config);

export async function removeAllContainers(settings: LocalSettings): Promise<void> {
  if (exists(settings)) await podman(settings, ['rm', '--all', '--force', '--time', '0', '--volumes']);
}

/** Mount points at or below the folders, deepest first. /proc/mounts writes a space as \040. */
export function mountsBelow(folders: readonly string[], mounts: string): string[] {
  return mounts
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '))
    .filter((point) => folders.some((folder) => point === folder || point.startsWith(`${folder}/`)))
    .toSorted((a, b) => b.length - a.length);
}

/**
 * Containers, bridge, mounts, sockets and folders of this copy. Images stay: they are in the shared cache. What podman
 * has lost track of (after a kill, or an interrupted start) is looked for and removed too.
 */
export async function removeRuntime(settings: LocalSettings): Promise<void> {
  const folders = runtimeFolders(settings);
  await stopContainerService(settings);
  await removeAllContainers(settings);
  const own = dirname(folders.config);
  for (const point of mountsBelow([own, folders.run], readFileSync('/proc/mounts', 'utf8'))) {
    await execa('umount', ['--lazy', point], { reject: false });
  }
  if (existsSync(`/sys/class/net/${bridgeName(settings)}`)) {
    await execa('ip', ['link', 'delete', bridgeName(settings)], { reject: false });
  }
  for (const folder of [own, folders.run]) rmSync(folder, { recursive: true, force: true });
  await releaseMachineWide(settings);
}

/**
 * podman mounts /run/netns onto itself, and an image build leaves its run folder. Both are common to all copies, so only
 * the last one takes them away, and only when nobody else has a network namespace in there.
 */
async function releaseMachineWide(settings: LocalSettings): Promise<void> {
  const others = readdirOrEmpty(RUN_FOLDER).filter((name) => !name.startsWith('images-'));
  if (others.length > 0) return;
  for (const point of mountsBelow([imageFolders(settings).run], readFileSync('/proc/mounts', 'utf8'))) {
    await execa('umount', ['--lazy', point], { reject: false });
  }
  rmSync(imageFolders(settings).run, { recursive: true, force: true });
  const namespaces = '/run/netns';
  const mounted = mountsBelow([namespaces], readFileSync('/proc/mounts', 'utf8'));
  if (mounted.length > 0 && readdirOrEmpty(namespaces).length === 0 && statSync(namespaces).isDirectory()) {
    for (const point of mounted) await execa('umount', [point], { reject: false });
  }
  if (readdirOrEmpty(RUN_FOLDER).length === 0) rmSync(RUN_FOLDER, { recursive: true, force: true });
}

function readdirOrEmpty(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
