/** Each Milvus role as its ECS service. A service that exists is brought to the wanted definition and count instead. */
import {
  CreateServiceCommand,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
  type CreateServiceCommandInput,
  type ECSClient,
} from '@aws-sdk/client-ecs';
import type { Placement } from '../common/aws/placement.ts';
import { serviceName } from '../common/cluster/names.ts';
import { BUILDING } from '../common/cluster/phases.ts';
import type { Ownership } from '../common/cluster/record.ts';
import { unknownToleranceSeconds } from '../common/cluster/undo.ts';
import { hasName } from '../common/lambda/errors.ts';
import { getOwned, type RegistryTable } from '../common/registry/registry.ts';
import { planRoles, profileOf, type RolePlan } from '../common/releases/plan.ts';
import { roleTaskDefinition, type MilvusSettings } from './task-definition.ts';

export interface LaunchServicesDeps {
  readonly registry: RegistryTable;
  readonly ecs: ECSClient;
  readonly placement: Placement;
  readonly milvus: Omit<MilvusSettings, 'brokers'>;
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
      const { taskDefinition } = await deps.ecs.send(
        new RegisterTaskDefinitionCommand(
          roleTaskDefinition(deps.placement, {
            spec,
            role,
            profile,
            settings: { ...deps.milvus, brokers },
            unknownTolerance,
          }),
        ),
      );
      const service = serviceName(spec.name, role.role);
      await ensureService(deps, service, role, taskDefinition?.taskDefinitionArn);
      return service;
    }),
  );
  return { services };
}

async function ensureService(
  { ecs, placement }: LaunchServicesDeps,
  name: string,
  role: RolePlan,
  taskDefinition: string | undefined,
): Promise<void> {
  const common = {
    cluster: placement.ecsCluster,
    taskDefinition,
    desiredCount: role.replicas,
    networkConfiguration: placement.network,
    deploymentConfiguration: {
      deploymentCircuitBreaker: { enable: true, rollback: false },
      minimumHealthyPercent: 0,
      maximumPercent: 200,
    },
  } satisfies Partial<CreateServiceCommandInput>;
  try {
    await ecs.send(
      new CreateServiceCommand({
        ...common,
        serviceName: name,
        launchType: 'FARGATE',
        propagateTags: 'TASK_DEFINITION',
        enableECSManagedTags: true,
      }),
    );
  } catch (error) {
    // "Creation of service was not idempotent": it exists. (ECS calls that an InvalidParameterException, the emulator of
    // local mode a ClientException; should it mean something else, the update says so.)
    if (!hasName(error, 'InvalidParameterException', 'ClientException')) throw error;
    await ecs.send(new UpdateServiceCommand({ ...common, service: name }));
  }
}
