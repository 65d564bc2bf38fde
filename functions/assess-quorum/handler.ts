import { z } from 'zod';
import { clusterNameSchema } from '../common/cluster/spec.ts';
import { LOG_EVENTS } from '../common/lambda/events.ts';
import { logger } from '../common/lambda/logger.ts';
import { systemClock } from '../common/lambda/polling.ts';
import { stepHandler } from '../common/lambda/step.ts';
import { WAITS } from '../common/lambda/wait-budget.ts';
import { connectAny } from '../common/quorum/members.ts';
import { memberTasks, memorySchema, quorumTasksSchema } from '../common/quorum/observation.ts';
import { QUORUM_POLICY } from '../common/quorum/policy.ts';
import { connectRegistry } from '../common/registry/connect.ts';
import { loadCluster } from '../common/registry/registry.ts';
import { assess } from './assess.ts';

const MEMBER_TIMEOUT_MS = 1_000;
const registry = connectRegistry();

const inputSchema = z.object({ cluster: clusterNameSchema, observed: quorumTasksSchema, memory: memorySchema });

export const handler = stepHandler(inputSchema, async ({ cluster, observed, memory }) => {
  const members = connectAny(MEMBER_TIMEOUT_MS);
  const tasks = async () =>
    memberTasks(cluster, observed.peerUrls.length, (await loadCluster(registry, cluster)).tasks);
  try {
    const assessed = await assess(
      { members, tasks },
      { observed, memory },
      { policy: QUORUM_POLICY, ...WAITS['assess-quorum'], clock: systemClock },
    );
    logger.info(assessed.reason, { event: LOG_EVENTS.quorumAssessed, cluster, action: assessed.action });
    return assessed;
  } finally {
    members.close();
  }
});
