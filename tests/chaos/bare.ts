/**
 * A quorum without Milvus: a cluster's record, and the machine that bootstraps a quorum, as a create calls it. What is said
 * of a quorum alone is tried out on these, because seven Milvus roles beside it would only take time from it.
 */
import { randomBytes } from 'node:crypto';
import { unknownConditions } from '../../functions/common/cluster/conditions.ts';
import { memberGroups } from '../../functions/common/cluster/names.ts';
import type { ClusterRecord } from '../../functions/common/cluster/record.ts';
import { clusterSpecSchema } from '../../functions/common/cluster/spec.ts';
import { getCluster, putCluster } from '../../functions/common/registry/registry.ts';
import { Quorum } from './quorum.ts';
import type { Stack } from './stack.ts';

const FORMED_MS = 120_000;
const GENERATION = 1;

export interface Bare {
  readonly name: string;
  readonly members: 1 | 3 | 5;
  readonly quorum: Quorum;
  readonly record: () => Promise<ClusterRecord>;
  /** Starts bootstrap-quorum once more, with what the caller adds to its input; the ARN of the execution. */
  readonly bootstrap: (more?: object) => Promise<string>;
  /** The quorum serves: from now on it looks after itself. */
  readonly serve: () => Promise<void>;
  /** Takes everything down; what stops slowly goes on stopping. */
  readonly remove: () => Promise<void>;
}

/** The record alone: nothing runs yet. */
export async function planBare(stack: Stack, prefix: string, members: 1 | 3 | 5): Promise<Bare> {
  // ECS starts nothing twice under one client token, and the emulator may be older than this run.
  const name = `${prefix}-${randomBytes(3).toString('hex')}`;
  const registry = await stack.registry();
  const at = new Date().toISOString();
  const planned: ClusterRecord = {
    name,
    phase: 'creating',
    generation: GENERATION,
    owner: `${name}-create-${GENERATION}`,
    spec: clusterSpecSchema.parse({ name, metadata: { members } }),
    conditions: unknownConditions(at),
    metadataOpen: false,
    createdAt: at,
    phaseSince: at,
  };
  if (!(await putCluster(registry, planned))) throw new Error(`There is a cluster ${name} already.`);
  const record = async () => {
    const found = await getCluster(registry, name);
    if (found === undefined) throw new Error(`The record of ${name} is gone.`);
    return found;
  };
  return {
    name,
    members,
    quorum: new Quorum(stack, name),
    record,
    bootstrap: async (more = {}) =>
      stack.start('bootstrap-quorum', {
        cluster: name,
        generation: GENERATION,
        members: memberGroups(name, members).map((group) => ({ group, count: 1 })),
        ...more,
      }),
    serve: async () => {
      await stack.invoke('finishOperation', { cluster: name, generation: GENERATION, outcome: 'awake' });
    },
    remove: async () => {
      const last = await record();
      const generation = last.generation + 1;
      const { hasServed, failure, ...rest } = last;
      // As a create that failed: the one operation that takes everything down.
      await putCluster(registry, { ...rest, phase: 'creating', generation, metadataOpen: false }, last);
      await stack.start('clean-up-cluster', { cluster: name, generation, error: 'States.Unknown', cause: 'over' });
    },
  };
}

/** Formed, and looking after itself. */
export async function formBare(stack: Stack, prefix: string, members: 1 | 3 | 5): Promise<Bare> {
  const bare = await planBare(stack, prefix, members);
  const { status, error, cause } = await stack.ended(await bare.bootstrap(), FORMED_MS);
  expect({ status, error, cause }).toEqual({ status: 'SUCCEEDED', error: undefined, cause: undefined });
  await bare.serve();
  return bare;
}
