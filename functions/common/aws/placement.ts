/** Where tasks of a cluster run: the same for members and roles, given by the stack through the environment. */
import type { NetworkConfiguration } from '@aws-sdk/client-ecs';
import { listEnv, requiredEnv } from '../lambda/environment.ts';

export interface Placement {
  readonly stage: string;
  readonly ecsCluster: string;
  readonly network: NetworkConfiguration;
  readonly executionRoleArn: string;
  readonly logGroup: string;
  readonly region: string;
  /** Of the processors, as ECS names it. */
  readonly cpuArchitecture: 'X86_64' | 'ARM64';
}

export function placementFromEnv(): Placement {
  return {
    stage: requiredEnv('STAGE'),
    ecsCluster: requiredEnv('ECS_CLUSTER'),
    network: {
      awsvpcConfiguration: {
        subnets: listEnv('SUBNETS'),
        securityGroups: [requiredEnv('TASK_SECURITY_GROUP')],
        // Without a NAT gateway a public address is the way to the image registry; the security group lets nobody in.
        assignPublicIp: requiredEnv('ASSIGN_PUBLIC_IP') === 'ENABLED' ? 'ENABLED' : 'DISABLED',
      },
    },
    executionRoleArn: requiredEnv('TASK_EXECUTION_ROLE_ARN'),
    logGroup: requiredEnv('TASK_LOG_GROUP'),
    region: requiredEnv('AWS_REGION'),
    cpuArchitecture: requiredEnv('CPU_ARCHITECTURE') === 'ARM64' ? 'ARM64' : 'X86_64',
  };
}

export function logConfiguration({ logGroup, region }: Placement, prefix: string) {
  return {
    logDriver: 'awslogs' as const,
    options: { 'awslogs-group': logGroup, 'awslogs-region': region, 'awslogs-stream-prefix': prefix },
  };
}

/** Without it Fargate takes X86_64, whatever the image has. */
export function runtimePlatform({ cpuArchitecture }: Placement) {
  return { cpuArchitecture, operatingSystemFamily: 'LINUX' as const };
}
