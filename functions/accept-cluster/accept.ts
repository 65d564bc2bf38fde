/**
 * POST /clusters: writes the record, then starts the execution that owns it. Should this function die between the two,
 * the next POST of the same name finds a record whose execution does not exist, and starts it: the execution's name is
 * deterministic, so starting it again never starts a second one.
 */
import { isDeepStrictEqual } from 'node:util';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { ClusterRecord } from '../common/cluster/record.ts';
import type { ClusterSpec } from '../common/cluster/spec.ts';
import { executionName } from '../common/cluster/names.ts';
import { Problem } from '../common/http/problem.ts';
import { startForRequest } from '../common/http/start.ts';
import { claimHost } from '../common/registry/hosts.ts';
import { getCluster, putCluster, type RegistryTable } from '../common/registry/registry.ts';
import { decideCreate, type CreateDecision } from './decide.ts';

export interface AcceptDeps {
  readonly registry: RegistryTable;
  readonly sfn: SFNClient;
  readonly createMachineArn: string;
}

export interface AcceptInput {
  readonly spec: ClusterSpec;
  readonly idempotencyKey: string | undefined;
  readonly now: Date;
}

export async function acceptCluster(
  deps: AcceptDeps,
  { spec, idempotencyKey, now }: AcceptInput,
): Promise<ClusterRecord> {
  const existing = await getCluster(deps.registry, spec.name);
  const decision = decideCreate(existing, spec, { now, idempotencyKey });
  switch (decision.action) {
    case 'create': {
      await claimHosts(deps.registry, spec);
      if (!(await written(deps.registry, decision))) {
        throw new Problem(
          'conflict',
          `Cluster ${spec.name} is being created by another request. Look at it before you try again.`,
          [{ field: 'name', message: 'is being created by another request' }],
        );
      }
      await startCreate(deps, decision.record);
      return decision.record;
    }
    case 'repeat':
      await resumeCreate(deps, decision.record);
      return decision.record;
    case 'refuse':
      await resumeCreate(deps, decision.record);
      throw new Problem('cluster_exists', decision.reason, [
        { field: 'name', message: 'is taken by an existing cluster' },
      ]);
  }
}

/** False when another request was faster. */
async function written(
  registry: RegistryTable,
  { record, replaces }: Extract<CreateDecision, { action: 'create' }>,
): Promise<boolean> {
  if (await putCluster(registry, record, replaces)) return true;
  // A write whose answer got lost is sent again by the client, and then finds itself in its way.
  return isDeepStrictEqual(await getCluster(registry, record.name), record);
}

/** Of two rules for one host name the load balancer would follow the older: the second cluster would never be reached. */
async function claimHosts(registry: RegistryTable, { name, hosts }: ClusterSpec): Promise<void> {
  for (const [index, host] of hosts.entries()) {
    const owner = await claimHost(registry, { host, cluster: name });
    if (owner === undefined) continue;
    throw new Problem('host_taken', `The host name ${host} belongs to cluster ${owner}. Give each cluster its own.`, [
      { field: `hosts.${index}`, message: `belongs to cluster ${owner}` },
    ]);
  }
}

async function resumeCreate(deps: AcceptDeps, record: ClusterRecord): Promise<void> {
  if (record.phase === 'creating') await startCreate(deps, record);
}

/** One that has run already is no trouble: what it did is in the record. */
function startCreate({ sfn, createMachineArn }: AcceptDeps, { name, generation }: ClusterRecord): Promise<void> {
  return startForRequest(
    sfn,
    {
      stateMachineArn: createMachineArn,
      name: executionName(name, 'create', generation),
      input: { cluster: name, generation },
    },
    `Cluster ${name} is recorded but its execution could not be started.`,
  );
}
