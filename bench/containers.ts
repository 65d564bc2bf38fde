/**
 * Containers started by hand through the engine's API, as ECS starts tasks: image, command, environment and memory of their
 * task definitions, with addresses fixed beforehand. No Lambda, no state machine, no event, no DNS.
 */
import { request } from 'node:http';
import type { RegisterTaskDefinitionCommandInput } from '@aws-sdk/client-ecs';
import { podman } from '../local/runtime/podman.ts';
import type { LocalSettings } from '../local/settings.ts';

export interface Container {
  readonly name: string;
  readonly address: string;
  readonly definition: RegisterTaskDefinitionCommandInput;
  readonly environment: Readonly<Record<string, string>>;
  /** Folders of the host, `from:to`. */
  readonly binds?: readonly string[];
}

/** Of the copy's network; ECS tasks get theirs from the other end of it. */
export function addressInNetwork(settings: LocalSettings, host: number): string {
  return settings.network.subnet.replace(/\d+\/\d+$/, String(host));
}

/** Names are for tasks whose addresses nobody knows beforehand: here they are replaced by what they would lead to. */
export function withAddresses(container: Container, named: readonly (readonly [string, string])[]): Container {
  const replaced = (text: string) => named.reduce((result, [name, address]) => result.replaceAll(name, address), text);
  const definitions = container.definition.containerDefinitions?.map((definition) => ({
    ...definition,
    command: definition.command?.map(replaced),
  }));
  return { ...container, definition: { ...container.definition, containerDefinitions: definitions } };
}

/** Whoever starts containers in their order needs no gate before a role (functions/launch-services/gate.ts). */
export function withCommand(
  definition: RegisterTaskDefinitionCommandInput,
  command: string[],
): RegisterTaskDefinitionCommandInput {
  return {
    ...definition,
    containerDefinitions: definition.containerDefinitions?.map((container) => ({ ...container, command })),
  };
}

export async function startContainer(settings: LocalSettings, dockerHost: string, container: Container): Promise<void> {
  await createContainer(settings, dockerHost, container);
  await startCreated(dockerHost, container);
}

/** Everything but its process. */
export async function createContainer(
  settings: LocalSettings,
  dockerHost: string,
  { name, address, definition, environment, binds = [] }: Container,
): Promise<void> {
  const container = definition.containerDefinitions?.[0];
  const given = Object.fromEntries((container?.environment ?? []).map((pair) => [pair.name ?? '', pair.value ?? '']));
  const variables = Object.entries({ ...given, ...environment }).map(([key, value]) => `${key}=${value}`);
  const network = settings.network.name;
  await engine(dockerHost, 'POST', `/containers/create?name=${name}`, {
    Image: container?.image,
    Cmd: container?.command,
    Env: variables,
    HostConfig: { NetworkMode: network, Memory: Number(definition.memory) * 1024 ** 2, Binds: binds },
    NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } },
  });
}

export async function startCreated(dockerHost: string, { name }: Pick<Container, 'name'>): Promise<void> {
  await engine(dockerHost, 'POST', `/containers/${name}/start`, undefined);
}

/** Names of the containers that run and have `part` in their name. */
export async function runningContainers(dockerHost: string, part: string): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ name: [part] }));
  const text = await engine(dockerHost, 'GET', `/containers/json?filters=${filters}`, undefined);
  return (JSON.parse(text) as { readonly Names: readonly string[] }[]).flatMap(({ Names }) => Names);
}

/** As `stop`: asked to end, and killed after so many seconds. */
export async function stopContainer(dockerHost: string, name: string, graceSeconds: number): Promise<void> {
  await engine(dockerHost, 'POST', `/containers/${name}/stop?t=${graceSeconds}`, undefined);
}

function engine(dockerHost: string, method: 'GET' | 'POST', path: string, body: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath: dockerHost.replace('unix://', ''),
        path: `/v1.41${path}`,
        method,
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          // 304: it has stopped already.
          if (status < 300 || status === 304) resolve(text);
          else reject(new Error(`The container engine answered ${status} to ${path}: ${text}`));
        });
      },
    );
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export async function removeContainers(
  settings: LocalSettings,
  containers: readonly Pick<Container, 'name'>[],
): Promise<void> {
  await podman(settings, ['rm', '--force', '--ignore', '--time', '0', ...containers.map(({ name }) => name)]);
}
