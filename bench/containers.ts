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

export async function startContainer(
  settings: LocalSettings,
  dockerHost: string,
  { name, address, definition, environment }: Container,
): Promise<void> {
  const container = definition.containerDefinitions?.[0];
  const given = Object.fromEntries((container?.environment ?? []).map((pair) => [pair.name ?? '', pair.value ?? '']));
  const variables = Object.entries({ ...given, ...environment }).map(([key, value]) => `${key}=${value}`);
  const network = settings.network.name;
  await engine(dockerHost, `/containers/create?name=${name}`, {
    Image: container?.image,
    Cmd: container?.command,
    Env: variables,
    HostConfig: { NetworkMode: network, Memory: Number(definition.memory) * 1024 ** 2 },
    NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } },
  });
  await engine(dockerHost, `/containers/${name}/start`, undefined);
}

function engine(dockerHost: string, path: string, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath: dockerHost.replace('unix://', ''),
        path: `/v1.41${path}`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status < 300) resolve();
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
