import { clusterSpecSchema } from '../../../functions/common/cluster/spec.ts';
import { FARGATE_SIZES } from '../../../functions/common/releases/profiles.ts';

const issuesOf = (value: unknown) => {
  const parsed = clusterSpecSchema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.'));
};

describe('the spec of a cluster', () => {
  test('needs nothing but a name', () => {
    expect(clusterSpecSchema.parse({ name: 'demo' })).toEqual({
      name: 'demo',
      release: '2.3.5',
      metadata: { members: 3 },
      retention: { allForHours: 1, hourlyForHours: 24, dailyForDays: 7 },
      activeStandby: false,
      roles: {},
      hosts: [],
      idle: { window: 30, minimumAwake: 0, keepAwake: [], never: false },
    });
  });

  test.each([
    ['an upper case name', { name: 'Demo' }, 'name'],
    ['a name that ends in a hyphen', { name: 'demo-' }, 'name'],
    ['a name that begins with a digit', { name: '1demo' }, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a name of 33 characters', { name: 'a'.repeat(33) }, 'name'],
    ['a path as a name', { name: '../demo' }, 'name'],
    ['a name that is a number', { name: 7 }, 'name'],
    ['no name', {}, 'name'],
    ['an unknown release', { name: 'demo', release: '9.9.9' }, 'release'],
    ['no time without a request', { name: 'demo', idle: { window: 0 } }, 'idle.window'],
    ['a release that is a property of every object', { name: 'demo', release: 'constructor' }, 'release'],
    ['an even number of members', { name: 'demo', metadata: { members: 2 } }, 'metadata.members'],
    ['cpu without memory', { name: 'demo', roles: { proxy: { cpu: 256 } } }, 'roles.proxy.memory'],
    [
      'cpu that Fargate does not have',
      { name: 'demo', roles: { proxy: { cpu: 300, memory: 512 } } },
      'roles.proxy.cpu',
    ],
    [
      'memory that does not go with the cpu',
      { name: 'demo', roles: { proxy: { cpu: 256, memory: 8192 } } },
      'roles.proxy.memory',
    ],
    ['no replicas', { name: 'demo', roles: { proxy: { replicas: 0 } } }, 'roles.proxy.replicas'],
    ['half a replica', { name: 'demo', roles: { proxy: { replicas: 1.5 } } }, 'roles.proxy.replicas'],
    ['two coordinators by count', { name: 'demo', roles: { rootcoord: { replicas: 2 } } }, 'roles.rootcoord.replicas'],
    ['a host with a space', { name: 'demo', hosts: ['a b'] }, 'hosts.0'],
    ['too many hosts', { name: 'demo', hosts: ['a', 'b', 'c', 'd'] }, 'hosts'],
  ])('refuses %s and names the field', (_, value, field) => {
    expect(issuesOf(value)).toContain(field);
  });

  test.each([
    ['an unknown field', { name: 'demo', colour: 'red' }],
    ['an unknown role', { name: 'demo', roles: { driver: {} } }],
    ['a list', []],
    ['nothing', null],
    ['text', 'demo'],
  ])('refuses %s', (_, value) => {
    expect(clusterSpecSchema.safeParse(value).success).toBe(false);
  });

  test('takes every pair that Fargate has', () => {
    for (const [cpu, memories] of Object.entries(FARGATE_SIZES)) {
      for (const memory of memories) {
        expect(issuesOf({ name: 'demo', roles: { querynode: { cpu: Number(cpu), memory } } })).toEqual([]);
      }
    }
  });
});
