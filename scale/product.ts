/**
 * What one cluster needs, from the product's own sources of truth: release profile, spec, template, state machines. Where the code
 * of a step decides (how many rules, names, calls), tests/unit/scale/calls.test.ts runs the step and counts.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { clusterSpecSchema, type ClusterSpec } from '../functions/common/cluster/spec.ts';
import { tasksOf } from '../functions/common/cost/estimate.ts';
import { EACH_MINUTE, NAP } from '../functions/common/cost/usage.ts';

const root = join(import.meta.dirname, '..');

/**
 * Of Milvus 2.3 (configs/milvus.yaml): topics of data, made when it starts (`rootCoord.dmlChannelNum`), and those of the root
 * coordinator's and the data coordinators' ticks and of replication. They stay while a cluster sleeps.
 */
const TOPICS = 16 + 3;

/** What stands there or is called for one cluster. */
export interface ClusterNeeds {
  /** Awake. */
  readonly tasks: number;
  readonly vcpus: number;
  readonly targets: number;
  /** Of Cloud Map: each member under its own name, and under that of the metadata. */
  readonly instances: number;
  /** Awake or asleep. */
  readonly rules: number;
  readonly targetGroups: number;
  readonly services: number;
  readonly names: number;
  readonly topics: number;
  /** Calls of one wake. */
  readonly wake: WakeCalls;
}

export interface WakeCalls {
  readonly registerTaskDefinition: number;
  readonly runTask: number;
  readonly updateService: number;
  readonly elbCalls: number;
  readonly elbTargets: number;
  readonly registerInstance: number;
  readonly executions: number;
  readonly transitions: number;
  /** Functions at a time. */
  readonly functionsAtOnce: number;
}

/** Of the template, with its defaults. */
export interface DeploymentNeeds {
  readonly heldRequests: number;
  readonly relayedRequests: number;
  readonly registrars: number;
  readonly brokers: number;
  readonly replicationFactor: number;
  readonly schedules: number;
  readonly eventRules: number;
  readonly functions: number;
  readonly stateMachines: number;
  /** Addresses of the three subnets that a task can have. */
  readonly addresses: number;
  /** Target groups that belong to no cluster. */
  readonly ownTargetGroups: number;
}

/** A listener each for HTTPS and HTTP: gRPC on the first, REST on both (functions/prepare-entry). */
const RULES = 3;
/** gRPC, REST. */
const TARGET_GROUPS = 2;
/** DescribeRules before each rule is found or made, ModifyRule to open it, and one look at the health of each group. */
const ELB_CALLS = 2 * RULES + TARGET_GROUPS;

export function clusterNeeds(spec: ClusterSpec = clusterSpecSchema.parse({ name: 'one' })): ClusterNeeds {
  const tasks = tasksOf(spec);
  const roles = tasks.filter(({ part }) => part !== 'etcd');
  const { members } = spec.metadata;
  const proxies = tasks.find(({ part }) => part === 'proxy')?.count ?? 0;
  return {
    tasks: tasks.reduce((sum, { count }) => sum + count, 0),
    vcpus: tasks.reduce((sum, { count, vcpus }) => sum + count * vcpus, 0),
    targets: TARGET_GROUPS * proxies,
    instances: 2 * members,
    rules: RULES,
    targetGroups: TARGET_GROUPS,
    services: roles.length,
    names: members + 1,
    topics: TOPICS,
    wake: {
      // Those of the roles are what they were (functions/common/registry/definitions.ts).
      registerTaskDefinition: members,
      runTask: members,
      updateService: roles.length,
      elbCalls: ELB_CALLS,
      elbTargets: TARGET_GROUPS * proxies,
      registerInstance: 2 * members,
      executions: 1 + nestedMachines('wake-cluster').length,
      transitions: NAP.wakeTransitions,
      functionsAtOnce: branches('wake-cluster'),
    },
  };
}

const READ_UNITS_A_SECOND = EACH_MINUTE.readUnits / 60;
const WRITE_UNITS_A_SECOND = EACH_MINUTE.writeUnits / 60;
export const REGISTRY_RATES = { read: READ_UNITS_A_SECOND, write: WRITE_UNITS_A_SECOND } as const;

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Branches?: readonly Machine[];
  readonly Resource?: string;
  readonly Arguments?: { readonly StateMachineArn?: string };
}
interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

const machine = (name: string) =>
  JSON.parse(readFileSync(join(root, 'statemachines', `${name}.asl.json`), 'utf8')) as Machine;

/** States that are reached while nothing fails. */
function onTheWay({ StartAt, States }: Machine): State[] {
  const seen = new Set<string>();
  const left = [StartAt];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    const state = States[name];
    if (state === undefined || seen.has(name)) continue;
    seen.add(name);
    const next = [state.Next, state.Default, ...(state.Choices ?? []).map((choice) => choice.Next)];
    left.push(...next.filter((target) => target !== undefined));
  }
  return [...seen].flatMap((name) => {
    const state = States[name];
    return state === undefined ? [] : [state, ...(state.Branches ?? []).flatMap(onTheWay)];
  });
}

/** Executions that one of this machine starts and waits for, when nothing fails. */
export function nestedMachines(name: string): string[] {
  return onTheWay(machine(name)).flatMap(({ Resource = '', Arguments }) =>
    Resource.includes('states:startExecution.sync') ? [Arguments?.StateMachineArn ?? ''] : [],
  );
}

/** The most branches that run beside each other. */
export function branches(name: string): number {
  return Math.max(1, ...onTheWay(machine(name)).map(({ Branches = [] }) => Branches.length));
}

// Tags like !Ref stand in other places than those that are read here.
const yaml = <Shape>(file: string, schema: z.ZodType<Shape>): Shape =>
  schema.parse(parse(readFileSync(join(root, file), 'utf8'), { logLevel: 'silent' }));

const resources = z.object({ Resources: z.record(z.string(), z.looseObject({ Type: z.string() })) });
const subnet = z.object({
  Properties: z.object({ CidrBlock: z.tuple([z.int(), z.tuple([z.string(), z.int(), z.int()])]) }),
});
/** AWS keeps five of each subnet. */
const KEPT_ADDRESSES = 5;

export function deploymentNeeds(): DeploymentNeeds {
  const { params, functions } = yaml(
    'serverless.yml',
    z.object({
      params: z.object({ default: z.object({ heldRequests: z.int(), relayedRequests: z.int(), registrars: z.int() }) }),
      functions: z.record(z.string(), z.unknown()),
    }),
  );
  const { Resources } = yaml(
    'resources/messages.yml',
    z.object({
      Resources: z.object({
        Messages: z.object({ Properties: z.object({ NumberOfBrokerNodes: z.int() }) }),
        MessagesConfiguration: z.object({ Properties: z.object({ ServerProperties: z.string() }) }),
      }),
    }),
  );
  const ofType = (type: string) =>
    readdirSync(join(root, 'resources'))
      .filter((file) => file.endsWith('.yml'))
      .flatMap((file) => Object.values(yaml(join('resources', file), resources).Resources))
      .filter(({ Type }) => Type === type);
  const rules = ofType('AWS::Events::Rule').map((rule) => z.object({ Properties: z.looseObject({}) }).parse(rule));
  return {
    ...params.default,
    brokers: Resources.Messages.Properties.NumberOfBrokerNodes,
    replicationFactor: Number(
      /^default\.replication\.factor=(\d+)$/m.exec(Resources.MessagesConfiguration.Properties.ServerProperties)?.[1],
    ),
    schedules: rules.filter(({ Properties }) => 'ScheduleExpression' in Properties).length,
    eventRules: rules.length,
    functions: Object.keys(functions).length,
    stateMachines: ofType('AWS::StepFunctions::StateMachine').length,
    addresses: ofType('AWS::EC2::Subnet')
      .map((one) => subnet.parse(one).Properties.CidrBlock[1][2])
      .reduce((sum, hostBits) => sum + 2 ** hostBits - KEPT_ADDRESSES, 0),
    ownTargetGroups: ofType('AWS::ElasticLoadBalancingV2::TargetGroup').length,
  };
}
