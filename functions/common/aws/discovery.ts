/** Cloud Map: names that tasks can be found by. Registering the same instance id again moves the name. */
import {
  CreateServiceCommand,
  DeleteServiceCommand,
  DeregisterInstanceCommand,
  ListInstancesCommand,
  RegisterInstanceCommand,
  type ServiceDiscoveryClient,
} from '@aws-sdk/client-servicediscovery';
import { hasName } from '../lambda/errors.ts';

export interface Namespace {
  readonly client: ServiceDiscoveryClient;
  readonly namespaceId: string;
}

/** Seconds. A member that moved must be found soon; the resolver in the VPC caches no longer than this. */
const RECORD_TTL = 5;

/** Returns the id of the service for `host` (relative to the namespace), made when there is none. */
export async function ensureHost({ client, namespaceId }: Namespace, host: string): Promise<string> {
  try {
    const { Service } = await client.send(
      new CreateServiceCommand({
        Name: host,
        NamespaceId: namespaceId,
        CreatorRequestId: `${namespaceId}-${host}`,
        DnsConfig: { RoutingPolicy: 'MULTIVALUE', DnsRecords: [{ Type: 'A', TTL: RECORD_TTL }] },
      }),
    );
    if (Service?.Id === undefined) throw new Error(`Cloud Map made no service for ${host}.`);
    return Service.Id;
  } catch (error) {
    if (hasName(error, 'ServiceAlreadyExists')) {
      const { ServiceId } = error as { ServiceId?: string };
      if (ServiceId !== undefined) return ServiceId;
    }
    throw error;
  }
}

export async function registerAddress(
  { client }: Namespace,
  serviceId: string,
  instanceId: string,
  address: string,
): Promise<void> {
  await client.send(
    new RegisterInstanceCommand({
      ServiceId: serviceId,
      InstanceId: instanceId,
      Attributes: { AWS_INSTANCE_IPV4: address },
    }),
  );
}

/** Nothing happens when the instance is not there. */
export async function deregisterAddress({ client }: Namespace, serviceId: string, instanceId: string): Promise<void> {
  try {
    await client.send(new DeregisterInstanceCommand({ ServiceId: serviceId, InstanceId: instanceId }));
  } catch (error) {
    if (!hasName(error, 'InstanceNotFound', 'ServiceNotFound')) throw error;
  }
}

export async function deregisterAll(namespace: Namespace, serviceId: string): Promise<void> {
  try {
    const { Instances = [] } = await namespace.client.send(new ListInstancesCommand({ ServiceId: serviceId }));
    await Promise.all(
      Instances.flatMap(({ Id }) => (Id === undefined ? [] : [deregisterAddress(namespace, serviceId, Id)])),
    );
  } catch (error) {
    if (!hasName(error, 'ServiceNotFound')) throw error;
  }
}

/** Nothing happens when it is gone. A service whose instances are still being removed is left for the next clean-up. */
export async function removeHost({ client }: Namespace, serviceId: string): Promise<void> {
  try {
    await client.send(new DeleteServiceCommand({ Id: serviceId }));
  } catch (error) {
    if (!hasName(error, 'ServiceNotFound', 'ResourceInUse')) throw error;
  }
}
