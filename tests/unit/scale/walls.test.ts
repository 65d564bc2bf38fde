/** The arithmetic of quotas: how many fit, how many at a time, in how many deployments. */
import fc from 'fast-check';
import { clusterSpecSchema } from '../../../functions/common/cluster/spec.ts';
import { branches, clusterNeeds, deploymentNeeds, nestedMachines } from '../../../scale/product.ts';
import { HELD, LAMBDA, OF_DEPLOYMENTS, RATES } from '../../../scale/quotas.ts';
import { mostPerDeployment, shardPlan } from '../../../scale/shards.ts';
import { demands, needOf, roomIn, secondsFor, storms, walls, wakesWithFunctions } from '../../../scale/walls.ts';

const cluster = clusterNeeds();
const deployment = deploymentNeeds();

test('what the template and the state machines say, by hand', () => {
  expect(deployment).toMatchObject({
    ...{
      heldRequests: 300,
      relayedRequests: 50,
      registrars: 10,
      brokers: 3,
      replicationFactor: 3,
      schedules: 1,
      ownTargetGroups: 1,
    },
    addresses: 3 * (4_096 - 5),
  });
  expect(nestedMachines('wake-cluster')).toEqual([
    ...['${BootstrapQuorumMachine}', '${StartComputeMachine}', '${RegisterEndpointsMachine}'],
  ]);
  expect(branches('wake-cluster')).toBe(3);
  expect(branches('sleep-cluster')).toBe(1);
});

test('a larger cluster needs more: members, standby coordinators, query nodes and proxies', () => {
  const large = clusterNeeds(
    clusterSpecSchema.parse({
      ...{ name: 'large', activeStandby: true, metadata: { members: 5 } },
      roles: { querynode: { replicas: 4 }, proxy: { replicas: 2 } },
    }),
  );
  expect(large).toMatchObject({ tasks: 10 + 2 + 3 + 3 + 1, instances: 10, names: 6, targets: 4, services: 7 });
  expect(large.wake).toMatchObject({ runTask: 5, registerTaskDefinition: 5, registerInstance: 10, elbTargets: 4 });
});

test('the room of a quota holds as many, and not one more', () => {
  const counts = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 50 }), (most, each, fixed) => {
      const demand = { each, fixed, awakeOnly: false };
      const room = roomIn({ most }, demand);
      if (fixed <= most) expect(needOf(demand, room)).toBeLessThanOrEqual(most);
      expect(needOf(demand, room + 1)).toBeGreaterThan(most);
    }),
  );
});

test('walls are told nearest first, each quota once', () => {
  const all = walls(cluster, deployment);
  expect(all.map(({ id }) => id).toSorted()).toEqual(Object.keys(HELD).toSorted());
  expect(all.map(({ room }) => room)).toEqual(all.map(({ room }) => room).toSorted((a, b) => a - b));
  expect(all[0]).toMatchObject({ id: 'fargateVcpus', room: 1 });
  expect(mostPerDeployment(cluster, deployment)).toMatchObject({ id: 'targetGroups', room: 49 });
});

test('a storm of wakes within the bucket waits for nothing, and one more than it does', () => {
  for (const storm of storms(cluster)) {
    expect(secondsFor(storm, storm.atOnce)).toBe(0);
    expect(secondsFor(storm, storm.atOnce + 1)).toBeGreaterThan(0);
    expect(storm.calls).toBeGreaterThan(0);
  }
  expect(
    storms(cluster)
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(Object.keys(RATES).toSorted());
});

test('functions that are held for requests are not there for wakes', () => {
  expect(wakesWithFunctions(cluster, deployment)).toBe(Math.floor((LAMBDA.most - 360) / 3));
  expect(wakesWithFunctions(cluster, { ...deployment, heldRequests: 900 })).toBe(13);
});

test('however many clusters, each has its place, no deployment more than it can have, and every raise is one', () => {
  const { room } = mostPerDeployment(cluster, deployment);
  const all = demands(cluster, deployment);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), (clusters) => {
      const { deployments, perDeployment, raises } = shardPlan(clusters, cluster, deployment);
      expect(deployments * perDeployment).toBeGreaterThanOrEqual(clusters);
      expect((deployments - 1) * room).toBeLessThan(clusters);
      expect(perDeployment).toBeLessThanOrEqual(room);
      expect(needOf(all.targetGroups, perDeployment)).toBeLessThanOrEqual(HELD.targetGroups.most);
      for (const { quota, need } of raises) {
        expect(quota.adjustable).toBe(true);
        expect(need).toBeGreaterThan(quota.most);
      }
    }),
  );
});

test('one cluster fits into what every account has; a thousand need what is written in docs/scale.md', () => {
  expect(shardPlan(1, cluster, deployment)).toMatchObject({ deployments: 1, raises: [] });
  const { deployments, raises } = shardPlan(1_000, cluster, deployment);
  expect(deployments).toBe(21);
  const needs = new Map(raises.map(({ quota, need }) => [quota.name, need]));
  expect(needs.get(HELD.fargateVcpus.name)).toBe(4_500);
  expect(needs.get(OF_DEPLOYMENTS.reserved.name)).toBe(21 * 350);
  expect(needs.get(OF_DEPLOYMENTS.vpcs.name)).toBe(21);
});
