/** POST /clusters/{name}/actions/{sleep|wake}: starts the execution that will own the cluster, or says why not. */
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { ClusterRecord } from '../common/cluster/record.ts';
import { Problem } from '../common/http/problem.ts';
import { startForRequest } from '../common/http/start.ts';
import { getCluster, type RegistryTable } from '../common/registry/registry.ts';
import { noteWakeWanted } from '../common/registry/wake-wanted.ts';
import { decideAction, type Action } from './decide.ts';

export interface ActDeps {
  readonly registry: RegistryTable;
  readonly sfn: SFNClient;
  readonly machines: Readonly<Record<Action, string>>;
}

export interface Acted {
  /** 202 while an operation is under way, 200 when there is nothing to do. */
  readonly status: 200 | 202;
  readonly record: ClusterRecord;
  /** Name of the execution. */
  readonly operation?: string;
}

export async function actOnCluster(
  deps: ActDeps,
  { cluster, action, now }: { readonly cluster: string; readonly action: Action; readonly now: Date },
): Promise<Acted> {
  const record = await getCluster(deps.registry, cluster);
  if (record === undefined) throw new Problem('cluster_not_found', `There is no cluster ${cluster}.`);
  const decision = decideAction(action, record);
  switch (decision.answer) {
    case 'done':
      return { status: 200, record };
    case 'refuse':
      throw new Problem('conflict', decision.reason);
    case 'on-its-way': {
      const wanted = { at: now.toISOString(), reason: 'asked for by the API' };
      // Not noted: somebody was faster, or it has just come to its end. Whoever asks again finds out which.
      if (decision.note && !(await noteWakeWanted(deps.registry, { cluster, generation: record.generation }, wanted))) {
        const after = await getCluster(deps.registry, cluster);
        if (after?.wakeWanted === undefined) {
          throw new Problem(
            'conflict',
            `Cluster ${cluster} was changed at the same moment. Send the same request again.`,
          );
        }
      }
      return { status: 202, record, operation: decision.execution };
    }
    case 'start':
      // One that is under way, or over: then settle-execution frees the next name.
      await startForRequest(deps.sfn, {
        stateMachineArn: deps.machines[decision.verb],
        name: decision.execution,
        input: { cluster, generation: decision.generation },
      });
      return { status: 202, record, operation: decision.execution };
  }
}
