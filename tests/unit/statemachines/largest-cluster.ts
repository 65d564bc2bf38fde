/** The largest cluster that the product lets anybody ask for, and all of its tasks. */
import { decideBarrier, type Barrier } from '../../../functions/common/cluster/barrier.ts';
import {
  CLUSTER_NAME_MAX,
  memberGroups,
  memberPeerUrl,
  serviceGroup,
} from '../../../functions/common/cluster/names.ts';
import { clusterSpecSchema } from '../../../functions/common/cluster/spec.ts';
import { observeTask } from '../../../functions/common/cluster/tasks.ts';
import { planRoles } from '../../../functions/common/releases/plan.ts';
import { RELEASES, ROLE_NAMES } from '../../../functions/common/releases/profiles.ts';

/** More than anybody will ever say; a quote doubles with every level of JSON. */
export const NOISE = '"'.repeat(100_000);
export const MANY = 3_000;
export const many = <Item>(item: (n: number) => Item, count = MANY): Item[] =>
  Array.from({ length: count }, (_, n) => item(n));
export const now = new Date('2026-01-01T00:00:00.000Z');
export const ID = (n: number) => String(10n ** 18n + BigInt(n));

export const LARGEST = {
  name: 'c'.repeat(CLUSTER_NAME_MAX),
  members: 5,
  replicas: 20,
  hosts: 3,
  hostLength: 128,
} as const;

export const specWith = (changes: Partial<Record<keyof typeof LARGEST, unknown>> = {}) => {
  const { name, members, replicas, hosts, hostLength } = { ...LARGEST, ...changes };
  const [release] = Object.values(RELEASES).toSorted((a, b) => b.roles.length - a.roles.length);
  return clusterSpecSchema.safeParse({
    ...{ name, release: release?.release, metadata: { members }, activeStandby: true },
    roles: Object.fromEntries(
      ROLE_NAMES.filter((role) => release?.roles.some((one) => one.role === role && one.layer !== 'coordinator')).map(
        (role) => [role, { replicas }],
      ),
    ),
    hosts: many((n) => `${n}`.padEnd(Number(hostLength), 'h'), Number(hosts)),
  });
};
export const spec = clusterSpecSchema.parse(specWith().data);
export const cluster = spec.name;
export const operation = { cluster, generation: 999_999 };
export const memberGroupsOf = memberGroups(cluster, spec.metadata.members);
export const peerUrls = memberGroupsOf.map((_, ordinal) =>
  memberPeerUrl(cluster, ordinal, 'redkite-production.internal'),
);

export const roles = planRoles(spec).map(({ role, replicas }) => ({
  group: serviceGroup(cluster, role),
  count: replicas,
}));
export const members = memberGroupsOf.map((group) => ({ group, count: 1 }));
export const wants = [...members, ...roles];
export const brokers = many((n) => `b-${n}.${'m'.repeat(80)}.kafka.eu-central-1.amazonaws.com:9096`, 30);

export const task = (group: string, n: number, changes: object = {}) =>
  observeTask({
    taskArn: `arn:aws:ecs:eu-central-1:123456789012:task/redkite-production/${String(n).padStart(32, '0')}`,
    ...{ group, lastStatus: 'RUNNING', desiredStatus: 'RUNNING', version: n, createdAt: now },
    attachments: [{ details: [{ name: 'privateIPv4Address', value: `100.100.${100 + (n % 100)}.${n % 250}` }] }],
    containers: [{ lastStatus: 'RUNNING', image: `registry.example.com/${'i'.repeat(400)}@sha256:${'0'.repeat(64)}` }],
    ...{ cpu: '1024', memory: '2048', ...changes },
  });
/** Twice what is wanted: while ECS replaces tasks, both are there. */
const serving = wants.flatMap(({ group, count }, index) => many((n) => task(group, 100 * index + n), 2 * count));
const barrier: Barrier = {
  ...{ id: 'all', kind: 'serving', wants, toleratedFailures: 0 },
  ...{ failureName: 'RoleFailedToStart', since: '', token: '' },
};
const released = decideBarrier(barrier, serving);
export const groups = released.action === 'release' ? released.groups : [];
export const brokenBarrier = decideBarrier(barrier, [
  task(roles[0]?.group ?? '', 1, {
    ...{ lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart' },
    stoppedReason: NOISE,
    stoppedAt: now,
  }),
]);
