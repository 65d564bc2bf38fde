/** The tables of docs/scale.md. */
import type { ClusterNeeds, DeploymentNeeds } from '../../scale/product.ts';
import { REGISTRY_RATES } from '../../scale/product.ts';
import { DYNAMO, HELD, LAMBDA, OF_DEPLOYMENTS, QUOTAS_AS_OF, RATES, type HeldQuota } from '../../scale/quotas.ts';
import { mostPerDeployment, shardPlan } from '../../scale/shards.ts';
import { needOf, secondsFor, storms, walls, wakesWithFunctions } from '../../scale/walls.ts';
import { formatNumber, table } from './markdown.ts';

export const SIZES = [1, 100, 1_000] as const;
const STORM = 1_000;
const MINUTE = 60;

export function scaleTables(cluster: ClusterNeeds, deployment: DeploymentNeeds): Readonly<Record<string, string>> {
  return {
    needs: needs(cluster, deployment),
    wakes: wakes(cluster, deployment),
    fixed: fixed(cluster, deployment),
    registry: registry(),
    shards: shards(cluster, deployment),
    quotas: quotas(),
  };
}

function needs(cluster: ClusterNeeds, deployment: DeploymentNeeds): string {
  const all = walls(cluster, deployment);
  const [first, second] = all;
  const hardest = mostPerDeployment(cluster, deployment);
  if (first === undefined || second === undefined) throw new Error('There are no quotas.');
  const said = ({ quota, room }: typeof first) => `**${quota.service} ${quota.name}, at ${room}**`;
  return [
    `The first wall is ${said(first)}; with that raised, ${said(second)}. What AWS raises for nobody is ${said(hardest)}.`,
    table(
      ['quota', 'of one', 'while', ...SIZES.map((size) => formatNumber(size)), 'default', 'can be raised', 'room for'],
      all.map(({ quota, demand, room }) => [
        `${quota.service}: ${quota.name} (${quota.per})`,
        demand.each,
        demand.awakeOnly ? 'awake' : 'always',
        ...SIZES.map((size) => needOf(demand, size)),
        quota.most,
        quota.adjustable ? 'yes' : '**no**',
        room,
      ]),
    ),
  ].join('\n\n');
}

function wakes(cluster: ClusterNeeds, deployment: DeploymentNeeds): string {
  const all = storms(cluster);
  return [
    table(
      [
        'calls',
        'of one wake',
        'at once',
        'a second',
        'wakes at once',
        'wakes a minute',
        `${formatNumber(STORM)} wakes at once`,
      ],
      all.map((storm) => [
        `${storm.quota.service}: ${storm.quota.name}`,
        storm.calls,
        storm.quota.bucket,
        storm.quota.refill,
        storm.atOnce,
        storm.aMinute,
        duration(secondsFor(storm, STORM)),
      ]),
    ),
    `Functions: a wake runs ${cluster.wake.functionsAtOnce} at a time, so ${wakesWithFunctions(cluster, deployment)} wakes find some free ` +
      `beside ${deployment.heldRequests} held and ${deployment.relayedRequests} relayed requests.`,
  ].join('\n\n');
}

function duration(seconds: number): string {
  return seconds < MINUTE ? `${Math.ceil(seconds)} s` : `${formatNumber(Math.ceil(seconds / MINUTE))} min`;
}

function fixed(cluster: ClusterNeeds, deployment: DeploymentNeeds): string {
  const { addresses, heldRequests, relayedRequests, registrars } = deployment;
  return table(
    ['what', 'of a deployment, however many clusters it has'],
    [
      ['EventBridge schedules', deployment.schedules],
      ['EventBridge rules', deployment.eventRules],
      ['functions', deployment.functions],
      ['state machines', deployment.stateMachines],
      ['reserved concurrency (requests held, and relayed, at a time)', heldRequests + relayedRequests],
      ['registrars at a time', registrars],
      [
        'addresses for tasks in its three subnets',
        `${formatNumber(addresses)}: ${formatNumber(Math.floor(addresses / cluster.tasks))} clusters awake`,
      ],
    ],
  );
}

function registry(): string {
  const { read, write } = REGISTRY_RATES;
  return table(
    ['DynamoDB, all awake and busy', ...SIZES.map((size) => formatNumber(size)), 'default of a table'],
    [
      ['read units a second', ...SIZES.map((size) => read * size), DYNAMO.tableReadUnits],
      ['write units a second', ...SIZES.map((size) => write * size), DYNAMO.tableWriteUnits],
    ],
  );
}

function shards(cluster: ClusterNeeds, deployment: DeploymentNeeds): string {
  const raise = ({ quota, need }: { readonly quota: HeldQuota; readonly need: number }) =>
    `${quota.service} ${quota.name}: ${formatNumber(need)}${quota.per === 'account and region' ? '' : ' each'}`;
  return table(
    ['clusters', 'deployments', 'clusters in each, at most', 'to be raised, in one account and region'],
    SIZES.map((size) => {
      const { deployments, perDeployment, raises } = shardPlan(size, cluster, deployment);
      return [size, deployments, perDeployment, raises.map(raise).join('; ') || 'nothing'];
    }),
  );
}

function quotas(): string {
  const held = [...Object.values(HELD), ...Object.values(OF_DEPLOYMENTS)] as HeldQuota[];
  const rows = [
    ...held.map(({ service, name, most, source }) => [`${service}: ${name}`, formatNumber(most), source]),
    ...Object.values(RATES).map(({ service, name, bucket, refill, source }) => [
      `${service}: ${name}`,
      `${formatNumber(bucket)} at once, ${formatNumber(refill)} a second`,
      source,
    ]),
    [`${LAMBDA.service}: ${LAMBDA.name}`, formatNumber(LAMBDA.most), LAMBDA.source],
    ['DynamoDB: units a second of a table', formatNumber(DYNAMO.tableReadUnits), DYNAMO.source],
  ];
  return [
    `As of ${QUOTAS_AS_OF}; rates of regions that are not the three largest.`,
    table(['quota', 'default', 'source'], rows),
  ].join('\n\n');
}
