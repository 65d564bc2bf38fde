import { z } from 'zod';
import { connectEtcd } from '../common/etcd/client.ts';
import { observeWork } from '../common/idle/observe.ts';
import { archiveStores } from '../common/keeping/connect.ts';
import { requiredEnv } from '../common/lambda/environment.ts';
import { publishOfCluster, publishOfFleet } from '../common/lambda/metrics.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { MAINTENANCE_POLICY } from '../common/maintenance/policy.ts';
import { connectMembers } from '../common/quorum/members.ts';
import { QUORUM_POLICY } from '../common/quorum/policy.ts';
import { VIGIL_POLICY } from '../common/quorum/vigil.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { watchClusters } from './watch.ts';

const SHIPPING_TIMEOUT_MS = 10_000;
const MEMBER_TIMEOUT_MS = 1_000;
const LOOK_TIMEOUT_MS = 5_000;
const deps = {
  registry: connectRegistry(),
  stores: archiveStores(),
  connect: (endpoints: readonly string[]) => connectEtcd(endpoints, { timeoutMs: SHIPPING_TIMEOUT_MS }),
  members: (addresses: readonly string[]) => connectMembers(addresses, MEMBER_TIMEOUT_MS),
  namespaceName: requiredEnv('NAMESPACE_NAME'),
  publish: publishOfCluster,
  publishFleet: publishOfFleet,
  policy: { quorum: QUORUM_POLICY, vigil: VIGIL_POLICY, maintenance: MAINTENANCE_POLICY },
  lookTimeoutMs: LOOK_TIMEOUT_MS,
  observeWork,
  clock: systemClock,
};

/** What the schedule sends is of no interest. */
export const handler = stepHandler(z.object({}), () => watchClusters(deps));
