/** PUT /clusters/{name}/idle: when the cluster may fall asleep from now on. It holds from the next look at its activity. */
import type { ClusterRecord } from '../common/cluster/record.ts';
import type { IdlePolicy } from '../common/idle/policy.ts';
import { clusterNotFound, Problem } from '../common/http/problem.ts';
import { putIdlePolicy } from '../common/registry/idle-policy.ts';
import { getCluster, type RegistryTable } from '../common/registry/registry.ts';

/** An operation may begin between the look and the write, once; more often something else is wrong. */
const ATTEMPTS = 3;

export async function setIdlePolicy(registry: RegistryTable, name: string, policy: IdlePolicy): Promise<ClusterRecord> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const record = await getCluster(registry, name);
    if (record === undefined) throw clusterNotFound(name);
    if (record.phase === 'deleting') {
      throw new Problem('conflict', `Cluster ${name} is being deleted; its policy does not matter any more.`);
    }
    if (await putIdlePolicy(registry, record, policy)) {
      return { ...record, spec: { ...record.spec, idle: policy } };
    }
  }
  throw new Problem('conflict', `Operations of cluster ${name} begin and end too fast. Send the same request again.`);
}
