import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { connectEtcd } from '../common/etcd/client.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAITS } from '../common/lambda/wait-budget.ts';
import { connectAny, endpointOf } from '../common/quorum/members.ts';
import { memberTasks, memorySchema, quorumTasksSchema } from '../common/quorum/observation.ts';
import { QUORUM_POLICY } from '../common/quorum/policy.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { lockOwnerIn } from '../common/registry/lock.ts';
import { loadCluster } from '../common/registry/registry.ts';
import { advanceQuorum, type Turn } from './advance.ts';

const MEMBER_TIMEOUT_MS = 1_000;
/** A change waits for a quorum to write it down. */
const CHANGE_TIMEOUT_MS = 5_000;
const registry = connectRegistry();

const inputSchema = z.object({
  cluster: clusterNameSchema,
  /** The execution. */
  owner: z.string(),
  observed: quorumTasksSchema,
  memory: memorySchema,
});

export const handler = stepHandler(inputSchema, async ({ cluster, owner, observed, memory }) => {
  const members = connectAny(MEMBER_TIMEOUT_MS);
  const turn = async (): Promise<Turn> => {
    const { items, tasks } = await loadCluster(registry, cluster);
    return lockOwnerIn(items, new Date()) === owner
      ? { ours: true, tasks: memberTasks(cluster, observed.peerUrls.length, tasks) }
      : { ours: false };
  };
  try {
    const advanced = await advanceQuorum(
      {
        members,
        turn,
        connect: (address) => connectEtcd([endpointOf(address)], { timeoutMs: CHANGE_TIMEOUT_MS }),
        report: (change, { done, reason }) => {
          logger.info(reason, { event: LOG_EVENTS.quorumChanged, cluster, change, done });
        },
      },
      { observed, memory },
      { policy: QUORUM_POLICY, ...WAITS['advance-quorum'], clock: systemClock },
    );
    logger.info(advanced.reason, { event: LOG_EVENTS.quorumAssessed, cluster, action: advanced.action });
    return advanced;
  } finally {
    members.close();
  }
});
