/**
 * Each Milvus role as its ECS service. A service that exists is brought to the wanted definition and count instead; a definition
 * that ECS has already is not registered again (common/registry/definitions.ts).
 */
import {
  CreateServiceCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
  type CreateServiceCommandInput,
  type ECSClient,
  type RegisterTaskDefinitionCommandInput,
} from '@aws-sdk/client-ecs';
import type { Placement } from '../common/aws/placement.ts';
import { serviceName } from '../common/cluster/names.ts';
import { BUILDING } from '../common/cluster/phases.ts';
import type { Ownership } from '../common/cluster/record.ts';
import { unknownToleranceSeconds } from '../common/cluster/undo.ts';
import { hasName } from '../common/lambda/errors.ts';
import { digestOf, keepDefinition, keptDefinition } from '../common/registry/definitions.ts';
import { getOwned, type RegistryTable } from '../common/registry/registry.ts';
import { planRoles, profileOf } from '../common/releases/plan.ts';
import { roleTaskDefinition, type MilvusSettings } from './task-definition.ts';

export interface LaunchServicesDeps {
  readonly registry: RegistryTable;
  readonly ecs: ECSClient;
  readonly placement: Placement;
  readonly milvus: Omit<MilvusSettings, 'brokers'>;
  /** Roles that run on Fargate Spot: AWS takes them away with two minutes of notice, and ECS starts others. */
  readonly spotRoles: readonly string[];
  readonly now: () => Date;
}

export async function launchServices(
  deps: LaunchServicesDeps,
  operation: Ownership,
  brokers: readonly string[],
): Promise<{ readonly services: string[] }> {
  const { spec, restoration } = await getOwned(deps.registry, operation, BUILDING);
  const profile = profileOf(spec);
  const unknownTolerance = unknownToleranceSeconds(restoration, profile.garbage, deps.now());
  const services = await Promise.all(
    planRoles(spec).map(async (role) => {
      const settings = { ...deps.milvus, brokers };
      const definition = roleTaskDefinition(deps.placement, { spec, role, profile, settings, unknownTolerance });
      const service = {
        name: serviceName(spec.name, role.role),
        replicas: role.replicas,
        spot: deps.spotRoles.includes(role.role),
      };
      const digest = digestOf(definition);
      const known = await keptDefinition(deps.registry, spec.name, role.role, digest);
      if (known === undefined || !(await updateService(deps, service, known))) {
        const arn = await register(deps, definition);
        await ensureService(deps, service, arn);
        // Last: only what a service was given is known to be there.
        await keepDefinition(deps.registry, spec.name, role.role, { digest, arn }, deps.now());
      }
      return service.name;
    }),
  );
  return { services };
}

interface Service {
  readonly name: string;
  readonly replicas: number;
  readonly spot: boolean;
}

const SPOT = { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }] };

/**
 * A service keeps what it was made with unless it is told; ECS changes that only with a new deployment. (Back again it never goes: an
 * update cannot name a launch type.)
 */
const update = (common: ReturnType<typeof wanted>, { name, spot }: Service) =>
  new UpdateServiceCommand({ ...common, service: name, ...(spot ? { ...SPOT, forceNewDeployment: true } : {}) });

async function register({ ecs }: LaunchServicesDeps, definition: RegisterTaskDefinitionCommandInput): Promise<string> {
  const { taskDefinition } = await ecs.send(new RegisterTaskDefinitionCommand(definition));
  const arn = taskDefinition?.taskDefinitionArn;
  if (arn === undefined) throw new Error(`ECS registered ${String(definition.family)} without an ARN.`);
  return arn;
}

function wanted({ placement }: LaunchServicesDeps, { replicas }: Service, taskDefinition: string) {
  return {
    cluster: placement.ecsCluster,
    taskDefinition,
    desiredCount: replicas,
    networkConfiguration: placement.network,
    deploymentConfiguration: {
      deploymentCircuitBreaker: { enable: true, rollback: false },
      minimumHealthyPercent: 0,
      maximumPercent: 200,
    },
  } satisfies Partial<CreateServiceCommandInput>;
}

/** The service is not there, or deleted; or somebody has deregistered the definition. */
const GONE = ['ServiceNotFoundException', 'ServiceNotActiveException', 'InvalidParameterException', 'ClientException'];

/** False where there is no such service, or no such definition any more. */
async function updateService(deps: LaunchServicesDeps, service: Service, taskDefinition: string): Promise<boolean> {
  try {
    const { service: updated } = await deps.ecs.send(update(wanted(deps, service, taskDefinition), service));
    // ECS refuses to update a service that was deleted; the emulator of local mode does it, and nothing runs.
    return updated?.status === 'ACTIVE';
  } catch (error) {
    if (!hasName(error, ...GONE)) throw error;
    return false;
  }
}

async function ensureService(deps: LaunchServicesDeps, service: Service, taskDefinition: string): Promise<void> {
  const common = wanted(deps, service, taskDefinition);
  try {
    await deps.ecs.send(
      new CreateServiceCommand({
        ...common,
        serviceName: service.name,
        ...(service.spot ? SPOT : { launchType: 'FARGATE' as const }),
        propagateTags: 'TASK_DEFINITION',
        enableECSManagedTags: true,
      }),
    );
  } catch (error) {
    // "Creation of service was not idempotent": it exists. (ECS calls that an InvalidParameterException, the emulator of
    // local mode a ClientException; should it mean something else, the update says so.)
    if (!hasName(error, 'InvalidParameterException', 'ClientException')) throw error;
    await deps.ecs.send(update(common, service));
  }
}
