/**
 * The largest answer of every function that a state machine calls, for the largest cluster: made by the functions' own pure parts,
 * out of more than they will ever see.
 */
import type { Context } from 'aws-lambda';
import type { Advanced } from '../../../functions/advance-quorum/advance.ts';
import { flushAll } from '../../../functions/archive-metadata/flush.ts';
import type { BegunSleep } from '../../../functions/begin-sleep/begin.ts';
import type { BegunWake } from '../../../functions/begin-wake/begin.ts';
import { judgeBrokers } from '../../../functions/check-messaging/check.ts';
import { decideTargets } from '../../../functions/check-targets/check.ts';
import { encodeRecords } from '../../../functions/common/archive/records.ts';
import { archiveName } from '../../../functions/common/archive/manifest.ts';
import { checkCatalog } from '../../../functions/common/catalog/missing.ts';
import { logsPrefix, segmentsPrefix } from '../../../functions/common/catalog/layout.ts';
import { SEGMENT_STATE } from '../../../functions/common/catalog/messages.ts';
import { etcdError } from '../../../functions/common/etcd/errors.ts';
import type { Alarm } from '../../../functions/common/etcd/messages.ts';
import { MOST_TEXT } from '../../../functions/common/lambda/bounded.ts';
import { systemClock } from '../../../functions/common/lambda/polling.ts';
import { stepHandler } from '../../../functions/common/lambda/step.ts';
import { decideMaintenance, type MaintenanceObservation } from '../../../functions/common/maintenance/decide.ts';
import { planMaintenance } from '../../../functions/common/maintenance/plan.ts';
import { MAINTENANCE_POLICY } from '../../../functions/common/maintenance/policy.ts';
import { assessQuorum } from '../../../functions/common/quorum/assess.ts';
import { memberTasks, type QuorumMemory } from '../../../functions/common/quorum/observation.ts';
import { QUORUM_POLICY } from '../../../functions/common/quorum/policy.ts';
import { decideUpgrade } from '../../../functions/common/quorum/upgrade.ts';
import { decideRestore } from '../../../functions/common/recovery/decide-restore.ts';
import { NOTHING_DONE } from '../../../functions/common/registry/maintenance-state.ts';
import { namesOf } from '../../../functions/examine-archives/examine.ts';
import { decideInFlight } from '../../../functions/observe-activity/decide.ts';
import type { ObservedMembers } from '../../../functions/observe-members/observe.ts';
import { decideCompute } from '../../../functions/probe-compute/probe.ts';
import { decideQuorum } from '../../../functions/probe-quorum/probe.ts';
import { verifyCluster } from '../../../functions/verify-cluster/verify.ts';
import { z } from 'zod';
import { memoryStore } from '../archive/memory-store.ts';
import { MOST_CAUSE } from './payload.ts';
import {
  NOISE,
  ID,
  brokers,
  cluster,
  groups,
  many,
  memberGroupsOf,
  members,
  now,
  operation,
  peerUrls,
  roles,
  spec,
  task,
  wants,
  MANY,
} from './largest-cluster.ts';

const noise = etcdError(
  Object.assign(new Error(NOISE), { code: 14, details: NOISE }),
  'Range at 100.100.100.100:2379',
).message;

/** As many as an execution starts at most, beside those that it found. */
const tasks = memberTasks(
  cluster,
  spec.metadata.members,
  memberGroupsOf.flatMap((group, ordinal) =>
    many((n) => task(group, 100 * ordinal + n, n === 0 ? {} : { desiredStatus: 'STOPPED' }), 13),
  ),
);
const observed = { peerUrls, tasks, retire: tasks.map(({ taskId }) => taskId) };
const memory: QuorumMemory = {
  since: Object.fromEntries(
    tasks.flatMap(({ taskId }) => ['silent', 'starting', 'learner'].map((what) => [`${what}:${taskId}`, 1e12])),
  ),
  seenAt: now.getTime(),
  spent: many((n) => ID(1_000 + n), 61),
};
export const launching = assessQuorum(
  {
    ...{
      peerUrls,
      tasks: tasks.filter(({ state, ordinal }) => state === 'running' && ordinal > 0),
      retire: [],
      memory,
    },
    statuses: tasks.flatMap(({ address = '', state, ordinal }) =>
      state === 'running' && ordinal > 0
        ? [
            {
              address,
              memberId: ID(ordinal),
              clusterId: ID(0),
              leader: ID(1),
              isLearner: false,
              raftIndex: 1,
              raftTerm: 1,
            },
          ]
        : [],
    ),
    list: {
      ...{ linearizable: true, clusterId: ID(0) },
      members: peerUrls.map((url, n) => ({
        id: ID(n),
        name: n === 0 ? '' : `etcd-${n}`,
        peerUrls: [url],
        isLearner: n === 0,
      })),
    },
  },
  QUORUM_POLICY,
  now.getTime(),
);

const archive = archiveName(now, 10 ** 15);
const alarms = many((n): Alarm => ({ memberId: ID(n), alarm: 'NOSPACE' }));
const maintenance: MaintenanceObservation = {
  quorum: { state: 'healthy', reason: noise },
  members: many(
    (n) => ({
      ...{ memberId: ID(n), name: `etcd-${n}`, address: '100.100.100.100', leads: n === 0 },
      ...{ dbSize: 1, dbSizeInUse: 0, quota: 100 },
    }),
    spec.metadata.members,
  ),
  ...{ alarms, revision: 10 ** 15, history: ID(1), done: NOTHING_DONE },
  shipped: { history: ID(1), revision: 10 ** 14, archivedAt: 0 },
};
const thorough = { since: now.getTime(), thorough: true, disarmCorrupt: true };
export const maintenancePlan = planMaintenance(maintenance, MAINTENANCE_POLICY, thorough, now.getTime());

/** A number of a message of the catalog: field, then what it holds, seven bits a byte. */
function numbered(field: number, value: bigint): number[] {
  const bytes = [field << 3];
  for (let left = value; ; left >>= 7n) {
    bytes.push(Number(left & 127n) | (left > 127n ? 128 : 0));
    if (left <= 127n) return bytes;
  }
}
const log = [...numbered(6, 7n)];
const records = [
  ...many((n) => ({
    key: `${logsPrefix(cluster, 'binlog')}${ID(n)}/${ID(n)}/${ID(n)}/${'9'.repeat(900)}`,
    value: [(2 << 3) | 2, log.length, ...log],
  })),
  ...many((n) => ({
    key: `${segmentsPrefix(cluster)}${ID(n)}/${ID(n)}/${ID(n)}`,
    value: [
      ...numbered(1, BigInt(ID(n))),
      ...numbered(2, BigInt(ID(n))),
      ...numbered(6, BigInt(SEGMENT_STATE.growing)),
    ],
  })),
].map(({ key, value }) => ({ key: Buffer.from(key), value: Uint8Array.from(value) }));
async function* blocks() {
  yield await Promise.resolve(encodeRecords(records));
}
export const check = await checkCatalog(blocks, memoryStore(), cluster);
const restorePlan = decideRestore({
  source: { name: archive, revision: 10 ** 15, asOf: now.toISOString() },
  present: { kind: 'none', reason: noise },
  ...{ check, allowMissing: true, now, notes: many(() => NOISE) },
});
export const comparison = await namesOf(
  (async function* () {
    for (const kind of ['added', 'removed', 'changed'] as const) {
      for (let n = 0; n < MANY; n += 1) yield await Promise.resolve({ kind, key: Buffer.from(`${n}${NOISE}`) });
    }
  })(),
);

const archived = {
  archive: {
    name: archive,
    createdAt: now.toISOString(),
    revision: 10 ** 15,
    keys: 10 ** 9,
    verifiedAt: now.toISOString(),
  },
  point: { history: ID(1), revision: 10 ** 15, sha256: '0'.repeat(64) },
  asOf: now.toISOString(),
  flushed: await flushAll(() => Promise.reject(new Error(NOISE)), { budgetMs: 0, clock: systemClock }),
};
const verified = await verifyCluster(
  {
    ...{
      createCollection: () => Promise.resolve(),
      dropCollection: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    loaded: () => Promise.resolve(many((n) => ({ name: `${n}.`.padEnd(511, 'd'), percent: 0, answers: false }))),
  },
  { budgetMs: 0, intervalMs: 1, clock: systemClock },
);
/** As Step Functions hands it on. */
const failure = { error: 'States.TaskFailed', cause: NOISE.slice(0, MOST_CAUSE) };
const done = { ...operation, phase: 'falling-asleep', wake: { generation: 999_999 } };
const ended = { groups, outcome: 'wake-wanted', wants: wants.map(({ group }) => ({ group, count: 0 })) };

/** By the names of their folders. */
export const ANSWERS: Readonly<Record<string, object>> = {
  'advance-quorum': { action: launching.action, reason: noise, memory, tasks } satisfies Advanced,
  'archive-metadata': archived,
  'assess-maintenance': {
    ...decideMaintenance(maintenance, MAINTENANCE_POLICY, thorough, now.getTime()),
    ...{ plan: maintenancePlan, addresses: maintenance.members.map(({ address }) => address), memory },
  },
  'assess-quorum': { ...launching, memory, reason: noise },
  'begin-recovery': operation,
  'begin-sleep': {
    ...{ ...operation, way: 'give-up', point: 'stopping', reason: noise, groups, unarchived: true, failure },
    archive: { name: archive, revision: 10 ** 15 },
  } satisfies BegunSleep,
  'begin-wake': { ...operation, brokers, members, roles, restore: { archive, revision: 10 ** 15 } } satisfies BegunWake,
  'check-messaging': judgeBrokers(
    brokers.map((broker, n) => ({ broker, failure: n < brokers.length / 2 - 1 ? NOISE : undefined })),
  ),
  'check-targets': decideTargets([
    many((n) => ({ id: `100.100.100.${n}`, state: 'unhealthy', reason: 'Target.FailedHealthChecks' })),
  ]),
  'close-entry': { closed: true },
  'divert-requests': { outcome: 'wake-wanted' },
  'examine-archives': { from: archive, to: archive, ...comparison },
  'finish-maintenance': { replacing: true },
  'finish-operation': done,
  'finish-replacement': { released: false },
  'flush-cluster': { outcome: 'wake-wanted', asked: 1_000 },
  'launch-member': { wants: members, launched: true, spent: memory.spent },
  'launch-members': { launched: members.map((_, ordinal) => ordinal) },
  'launch-services': { services: roles.map(({ group }) => `arn:aws:ecs:eu-central-1:123456789012:${group}`) },
  'list-addresses': { groups },
  'maintain-members': { done: false, reason: noise },
  'observe-activity': decideInFlight(undefined, {
    seen: [],
    unseen: many((n) => ({ instance: `proxy@100.100.100.${n}`, problem: NOISE })),
  }),
  'observe-members': {
    ...{ turn: 'ours', phase: 'falling-asleep', reason: '65 task(s) of 5 member(s)', observed },
  } satisfies ObservedMembers,
  'open-entry': { hosts: [`${cluster}.*`, ...spec.hosts] },
  'open-metadata': { addresses: peerUrls },
  'plan-cluster': { ...operation, brokers, members, roles },
  'plan-recovery': restorePlan,
  'plan-upgrade': decideUpgrade({
    ...{ size: spec.metadata.members, deployed: `registry.example.com/${'i'.repeat(400)}:v3.6.16` },
    members: members.map((_, ordinal) => ({ ordinal, image: 'i:v3.5.0', version: '3.5.0', outdated: true })),
  }),
  'prepare-entry': {
    targetGroups: many(
      (n) => `arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/${n}/0123456789abcdef`,
      2,
    ),
  },
  'probe-compute': decideCompute(
    roles.flatMap(({ group, count }) => many(() => ({ group, address: '100.100.100.100', problem: NOISE }), count)),
    roles,
  ),
  'probe-quorum': decideQuorum(
    members.map(() => ({ address: '100.100.100.100', problem: NOISE })),
    members.length,
  ),
  'remove-compute': ended,
  'restore-metadata': { done: false, step: 'verify', keys: 10 ** 9, reason: noise },
  'stop-cluster': ended,
  'stop-compute': ended,
  'stop-member': { stopped: tasks[0]?.taskArn },
  'stop-members': ended,
  'verify-cluster': verified,
  'warm-functions': { warmed: 20 },
};

/** Of machines that people, functions and events start. */
export const INPUTS: Readonly<Record<string, object>> = {
  'archive-metadata': { cluster, reason: noise, flush: true },
  'clean-up-cluster': { ...operation, ...failure },
  'create-cluster': operation,
  'examine-archives': { cluster, compare: { from: archive, to: archive } },
  'maintain-quorum': { cluster, reason: noise, thorough: true, disarmCorrupt: true },
  'recover-quorum': { cluster, restore: { archive }, allowMissing: true },
  'replace-member': { cluster, reason: noise, retire: observed.retire, memory, upgrade: true },
  'sleep-cluster': { ...operation, reason: noise, look: 'activity', failure },
  'wake-cluster': operation,
};

/** What Lambda tells a machine of the longest error. */
export async function longestFailure(): Promise<{ Error: string; Cause: string }> {
  // Long enough; it is logged whole.
  const handler = stepHandler(z.unknown(), () => Promise.reject(new Error(NOISE.slice(0, 10 * MOST_TEXT))));
  const thrown = await handler({}, { functionName: 'step' } as Context).then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error as Error,
  );
  const { name, message, stack = '' } = thrown;
  return { Error: name, Cause: JSON.stringify({ errorType: name, errorMessage: message, trace: stack.split('\n') }) };
}
