/**
 * The whole deployment without containers: every function that works on AWS is the real one, tasks are records of the emulator's
 * ECS with addresses where nobody is. The functions inside the VPC, which talk to etcd, Milvus and Kafka, are stand-ins that say
 * that all is well; so their calls to DynamoDB and S3 are not made here, but by tests/naps. So is the proof that no row is lost.
 */
import { rmSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { DescribeRulesCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetFunctionConfigurationCommand, LambdaClient, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { ListInstancesCommand, ServiceDiscoveryClient } from '@aws-sdk/client-servicediscovery';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { strToU8, zipSync } from 'fflate';
import { z } from 'zod';
import { observeGroups } from '../../functions/common/aws/tasks.ts';
import { memberGroups, serviceGroup, serviceName } from '../../functions/common/cluster/names.ts';
import { isResting } from '../../functions/common/cluster/phases.ts';
import type { ClusterRecord } from '../../functions/common/cluster/record.ts';
import { isServing } from '../../functions/common/cluster/tasks.ts';
import { getCluster, type RegistryTable } from '../../functions/common/registry/registry.ts';
import { planRoles } from '../../functions/common/releases/plan.ts';
import type { VerifyAnswer } from '../../functions/verify-cluster/verify.ts';
import { startEmulator, stopEmulator } from '../../local/emulator/emulator.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { callApi } from '../../local/stack/api.ts';
import { awsClient } from '../../local/stack/aws.ts';
import { DEMO, ensureAwake } from '../../local/stack/cluster.ts';
import { deploy, describeStack } from '../../local/stack/deploy.ts';
import { until } from '../chaos/stack.ts';
import { emulatorSettings } from '../fixtures/emulator.ts';
import { Injector } from './injector.ts';
import { runningExecutions } from './running.ts';

const REST_MS = 4 * 60_000;
/** Longer than the retries of a state machine take here, and than a message of a queue stays away after a failure. */
const QUIET_MS = 90_000;
const HEALTH_MS = 100;
/** One is harmed; what it leaves may turn round one more, or make it fail. */
const MOST_TRIES = 4;
const ready = { ready: true, reason: 'a stand-in says so' };

/** What the functions inside the VPC say. */
const STAND_INS: Readonly<Record<string, object>> = {
  checkMessaging: ready,
  probeQuorum: ready,
  probeCompute: ready,
  verifyCluster: { ...ready, loading: '', progress: 100 } satisfies VerifyAnswer,
  observeActivity: { idle: true, reason: 'a stand-in says so' },
  flushCluster: { outcome: 'flushed', asked: 1 },
  archiveMetadata: { archive: { name: 'stand-in', revision: 7, keys: 1 } },
  restoreMetadata: { done: true, keys: 1 },
  watchClusters: {},
};

const groupsSchema = z.object({
  TargetGroups: z.array(
    z.object({
      TargetGroupArn: z.string(),
      Targets: z.array(z.object({ Id: z.string(), Port: z.number().nullish() })),
    }),
  ),
});

export class BareWorld {
  readonly injector: Injector;
  private readonly settings: LocalSettings;
  private readonly registry: RegistryTable;
  private readonly apiUrl: string;
  private readonly health: NodeJS.Timeout;

  private constructor(settings: LocalSettings, registry: RegistryTable, apiUrl: string) {
    this.settings = settings;
    this.registry = registry;
    this.apiUrl = apiUrl;
    this.injector = new Injector(settings);
    this.health = setInterval(() => void this.sayHealthy().catch(() => undefined), HEALTH_MS);
  }

  static async start(): Promise<BareWorld> {
    const python = process.env['REDKITE_PYTHON'];
    if (python === undefined) throw new Error('Run these tests with `npm run test:statemachines`.');
    const settings = await emulatorSettings('faults');
    await startEmulator(settings, {
      python,
      messagesBootstrap: '127.0.0.1:1',
      extraEnv: { SFN_WAIT_SCALE: '0.01', REDKITE_GATEWAY_ADDRESS: '' },
    });
    try {
      return await BareWorld.deployed(settings);
    } catch (error) {
      await stopEmulator(settings);
      throw error;
    }
  }

  private static async deployed(settings: LocalSettings): Promise<BareWorld> {
    await deploy(settings, { milvusImage: 'milvus', etcdImage: 'etcd' });
    const lambda = awsClient(settings, LambdaClient);
    for (const [name, answer] of Object.entries(STAND_INS)) {
      const source = `exports.handler = async () => (${JSON.stringify(answer)});`;
      await lambda.send(
        new UpdateFunctionCodeCommand({
          FunctionName: `redkite-${settings.stage}-${name}`,
          ZipFile: zipSync({ [await fileOf(lambda, `redkite-${settings.stage}-${name}`)]: strToU8(source) }),
        }),
      );
    }
    const { Environment } = await lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: `redkite-${settings.stage}-showCluster` }),
    );
    const client = DynamoDBDocumentClient.from(awsClient(settings, DynamoDBClient));
    const { apiUrl } = await describeStack(settings);
    const world = new BareWorld(settings, { client, table: Environment?.Variables?.['REGISTRY_TABLE'] ?? '' }, apiUrl);
    try {
      await ensureAwake(settings, apiUrl, () => undefined);
    } catch (error) {
      clearInterval(world.health);
      throw error;
    }
    return world;
  }

  async stop(): Promise<void> {
    clearInterval(this.health);
    await stopEmulator(this.settings);
    if (process.env['REDKITE_KEEP'] === undefined) rmSync(this.settings.stateDir, { recursive: true, force: true });
  }

  async record(): Promise<ClusterRecord> {
    const record = await getCluster(this.registry, DEMO);
    if (record === undefined) throw new Error('The cluster is gone.');
    return record;
  }

  /** As a person does through the API, who asks again when that fails: the API's own functions are harmed too. */
  async ask(action: 'sleep' | 'wake'): Promise<void> {
    const path = `/clusters/${DEMO}/actions/${action}`;
    await until(`${action} is accepted`, REST_MS, async () => {
      const { status } = await callApi(this.settings, this.apiUrl, { method: 'POST', path });
      if (status >= 300 && status < 500) throw new Error(`${action} answered ${status}`);
      return status < 300 ? true : undefined;
    });
  }

  /** At rest in a generation after this one, and nobody moves it any more. */
  async atRest(after: number): Promise<ClusterRecord> {
    return until(`${DEMO} awake or asleep after generation ${after}`, REST_MS, async () => {
      // In this order: what ends in between has started what comes after it before.
      const running = await runningExecutions(this.settings);
      const record = await this.record();
      return isResting(record.phase) && record.generation > after && running.length === 0 ? record : undefined;
    }).then(told);
  }

  /** However often it takes: a sleep that turned round, a wake that failed. */
  async bring(phase: 'awake' | 'asleep'): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const record = await this.record();
      if (record.phase === phase) return;
      if (tries === MOST_TRIES) throw new Error(`${DEMO} was not ${phase} after ${tries} tries.`);
      if (isResting(record.phase)) await this.ask(phase === 'awake' ? 'wake' : 'sleep');
      await this.atRest(isResting(record.phase) ? record.generation : record.generation - 1);
    }
  }

  /**
   * Throws unless what runs, what can be found and what is let in is what the phase says. Some of it follows a moment later: the
   * events of tasks, and what a queue brings again.
   */
  async expectTruth(): Promise<void> {
    let untrue: string[] = [];
    await until('it is as its phase says', QUIET_MS, async () => {
      untrue = await this.untrue();
      return untrue.length === 0 ? true : undefined;
    }).catch((cause: unknown) => {
      throw new Error(`It is not as its phase says: ${untrue.join('; ')}`, { cause });
    });
  }

  private async untrue(): Promise<string[]> {
    const { settings } = this;
    const record = await this.record();
    const { phase, spec, discovery, entry, owner, nap } = record;
    const awake = phase === 'awake';
    const ecs = awsClient(settings, ECSClient);
    const ecsCluster = `redkite-${settings.stage}`;
    const roles = planRoles(spec);
    const members = memberGroups(DEMO, spec.metadata.members);
    const wanted = new Map([
      ...members.map((group) => [group, awake ? 1 : 0] as const),
      ...roles.map(({ role, replicas }) => [serviceGroup(DEMO, role), awake ? replicas : 0] as const),
    ]);
    const tasks = await observeGroups({ ecs, ecsCluster }, [...wanted.keys()]);
    const { services = [] } = await ecs.send(
      new DescribeServicesCommand({ cluster: ecsCluster, services: roles.map(({ role }) => serviceName(DEMO, role)) }),
    );
    const cloudMap = awsClient(settings, ServiceDiscoveryClient);
    const names = await Promise.all(
      [discovery?.metadata, ...(discovery?.members ?? [])].map(async (ServiceId) => {
        const { Instances = [] } = await cloudMap.send(new ListInstancesCommand({ ServiceId }));
        return Instances.flatMap(({ Attributes }) => Attributes?.['AWS_INSTANCE_IPV4'] ?? []).toSorted();
      }),
    );
    const addresses = members.map((group) => tasks.filter((task) => task.group === group).filter(isServing));
    const named = addresses.map((ofMember) => ofMember.map(({ address }) => address));
    const wantedNames = [named.flat().toSorted(), ...named];
    const elb = awsClient(settings, ElasticLoadBalancingV2Client);
    const { Rules = [] } = await elb.send(
      new DescribeRulesCommand({ RuleArns: entry?.rules.map(({ ruleArn }) => ruleArn) ?? [] }),
    );
    const open = Rules.filter(({ Conditions = [] }) => Conditions.some(({ Field }) => Field === 'host-header'));
    return [
      ...(phase === 'awake' || phase === 'asleep' ? [] : [`it is ${phase}`]),
      ...(owner === undefined ? [] : [`${owner} owns it`]),
      ...(awake && nap !== undefined ? ['it is awake and naps'] : []),
      ...(!awake && nap?.archive === undefined ? ['it has no archive'] : []),
      ...(record.metadataOpen === awake ? [] : [`metadataOpen is ${record.metadataOpen}`]),
      ...[...wanted].flatMap(([group, count]) => {
        const running = tasks.filter((task) => task.group === group).length;
        return running === count ? [] : [`${group} has ${running} tasks`];
      }),
      ...services.flatMap(({ serviceName: name = '', desiredCount = 0 }) => {
        const count = wanted.get(`service:${name}`) ?? 0;
        return desiredCount === count ? [] : [`${name} is to have ${desiredCount}`];
      }),
      ...(JSON.stringify(names) === JSON.stringify(awake ? wantedNames : names.map(() => []))
        ? []
        : [`its names lead to ${JSON.stringify(names)}, its members are ${JSON.stringify(wantedNames)}`]),
      ...(open.length === (awake ? Rules.length : 0) ? [] : [`${open.length} of ${Rules.length} rules are open`]),
    ];
  }

  /** In place of the load balancer: nobody is there whose health it could check. */
  private async sayHealthy(): Promise<void> {
    const url = `http://127.0.0.1:${this.settings.ports.emulator}/_redkite/`;
    const { TargetGroups } = groupsSchema.parse(await (await fetch(`${url}elbv2`)).json());
    for (const { TargetGroupArn: targetGroupArn, Targets } of TargetGroups) {
      const targets = Targets.map(({ Id, Port }) => ({ id: Id, port: Port ?? undefined, state: 'healthy' }));
      await fetch(`${url}target-health`, { method: 'POST', body: JSON.stringify({ targetGroupArn, targets }) });
    }
  }
}

/** What a wake failed of, or a sleep turned round for, belongs to the log of a run. */
function told(record: ClusterRecord): ClusterRecord {
  const { phase, generation, failure, turnedRound } = record;
  if (failure !== undefined) process.stderr.write(`${phase} in ${generation}: ${failure.error}: ${failure.message}\n`);
  if (turnedRound !== undefined) process.stderr.write(`turned round in ${generation}: ${turnedRound.reason}\n`);
  return record;
}

/** Where the handler of a deployed function lies in its package. */
async function fileOf(lambda: LambdaClient, FunctionName: string): Promise<string> {
  const { Handler = '' } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  return `${Handler.slice(0, Handler.lastIndexOf('.'))}.js`;
}
