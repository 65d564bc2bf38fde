import {
  initialMembers,
  memberCommand,
  memberTaskDefinition,
} from '../../../functions/launch-members/task-definition.ts';
import { milvusEnvironment, roleTaskDefinition } from '../../../functions/launch-services/task-definition.ts';
import { planRoles, profileOf } from '../../../functions/common/releases/plan.ts';
import { FARGATE_SIZES, RELEASES } from '../../../functions/common/releases/profiles.ts';
import { clusterSpecSchema } from '../../../functions/common/cluster/spec.ts';

const settings = {
  image: 'milvus',
  namespaceName: 'redkite.internal',
  bucket: 'bucket',
  objects: { address: 's3', port: '443', tls: true },
  brokers: ['b-1:9096', 'b-2:9096'],
  messagesSecretArn: 'arn:secret',
  taskRoleArn: 'arn:role',
};
const placement = {
  stage: 'dev',
  ecsCluster: 'redkite-dev',
  network: {},
  executionRoleArn: 'arn:execution',
  logGroup: '/redkite/dev/tasks',
  region: 'eu-central-1',
  cpuArchitecture: 'X86_64' as const,
};

const member = {
  cluster: 'demo',
  ordinal: 1,
  namespace: 'redkite.internal',
  token: 'demo-1',
  state: 'new' as const,
  initialCluster: initialMembers('demo', 3, 'redkite.internal'),
  image: 'etcd',
};

describe('task definitions', () => {
  test('every member knows the whole quorum by name before any has an address', () => {
    const command = memberCommand(member);
    const valueOf = (flag: string) => command[command.indexOf(flag) + 1];
    expect(valueOf('--name')).toBe('etcd-1');
    expect(valueOf('--initial-cluster')).toBe(
      [0, 1, 2].map((n) => `etcd-${n}=http://etcd-${n}.demo.redkite.internal:2380`).join(','),
    );
    expect(valueOf('--initial-cluster-token')).toBe('demo-1');
  });

  test('every role of every release has a size that Fargate has', () => {
    for (const { roles } of Object.values(RELEASES)) {
      for (const { cpu, memory } of roles) expect(FARGATE_SIZES[cpu]).toContain(memory);
    }
  });

  test('active-standby starts two of each coordinator and tells them so', () => {
    const spec = clusterSpecSchema.parse({ name: 'demo', activeStandby: true, roles: { proxy: { replicas: 3 } } });
    const roles = planRoles(spec);
    expect(Object.fromEntries(roles.map(({ role, replicas }) => [role, replicas]))).toEqual({
      rootcoord: 2,
      datacoord: 2,
      querycoord: 2,
      indexnode: 1,
      querynode: 1,
      datanode: 1,
      proxy: 3,
    });
    const rootcoord = roles.find(({ role }) => role === 'rootcoord');
    if (rootcoord === undefined) throw new Error('no rootcoord');
    const environment = milvusEnvironment(
      { spec, role: rootcoord, profile: profileOf(spec), settings },
      'eu-central-1',
    );
    expect(environment['ROOT_COORD_ENABLE_ACTIVE_STANDBY']).toBe('true');
  });

  test('every role of every release reads a log from its beginning when its position is gone', () => {
    for (const release of Object.keys(RELEASES)) {
      const spec = clusterSpecSchema.parse({ name: 'demo', release });
      for (const role of planRoles(spec)) {
        const definition = roleTaskDefinition(placement, { spec, role, profile: profileOf(spec), settings });
        const environment = definition.containerDefinitions?.[0]?.environment;
        // With its dots: Milvus finds a setting of librdkafka by no other spelling.
        expect(environment).toContainEqual({ name: 'kafka.consumer.auto.offset.reset', value: 'earliest' });
      }
    }
  });

  test('a nap may be longer than any lag between search and log that Milvus would refuse', () => {
    const spec = clusterSpecSchema.parse({ name: 'demo' });
    const lag = Number(profileOf(spec).environment['QUERYNODE_SCHEDULER_MAXTIMESTAMPLAG']);
    expect(lag).toBeGreaterThan(5 * 365 * 86_400);
    // Milvus counts it in nanoseconds of 63 bits.
    expect(lag * 1e9).toBeLessThan(2 ** 63);
  });

  test('every role is held until the name of its metadata can be found', () => {
    const spec = clusterSpecSchema.parse({ name: 'demo' });
    for (const role of planRoles(spec)) {
      const definition = roleTaskDefinition(placement, { spec, role, profile: profileOf(spec), settings });
      const { command, environment } = definition.containerDefinitions?.[0] ?? {};
      const name = 'metadata.demo.redkite.internal';
      expect(command?.slice(-4)).toEqual([name, 'milvus', 'run', role.role]);
      expect(environment).toContainEqual({ name: 'ETCD_ENDPOINTS', value: `${name}:2379` });
    }
  });

  test('a task runs on the processors that the deployment has chosen', () => {
    const spec = clusterSpecSchema.parse({ name: 'demo' });
    const [role] = planRoles(spec);
    if (role === undefined) throw new Error('no role');
    const arm = { ...placement, cpuArchitecture: 'ARM64' as const };
    const platform = { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' };
    expect(roleTaskDefinition(arm, { spec, role, profile: profileOf(spec), settings }).runtimePlatform).toEqual(
      platform,
    );
    expect(memberTaskDefinition(arm, member).runtimePlatform).toEqual(platform);
  });

  test('no secret stands in a task definition', () => {
    const spec = clusterSpecSchema.parse({ name: 'demo' });
    for (const role of planRoles(spec)) {
      const definition = roleTaskDefinition(placement, { spec, role, profile: profileOf(spec), settings });
      const container = definition.containerDefinitions?.[0];
      expect(container?.environment?.filter(({ name }) => /PASSWORD|SECRET|KEY/.test(name ?? ''))).toEqual([]);
      expect(container?.secrets?.map(({ valueFrom }) => valueFrom)).toEqual([
        'arn:secret:username::',
        'arn:secret:password::',
      ]);
    }
  });
});
