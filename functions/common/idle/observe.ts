/** Runs inside the VPC: looks at the tasks of a cluster, each for itself; one that does not answer hides none of the others. */
import { parseTaskGroup } from '../cluster/names.ts';
import { messageOf } from '../lambda/errors.ts';
import { callMilvus, RUNNING_COMPACTIONS, RUNNING_IMPORTS } from '../milvus/api.ts';
import type { RoleName } from '../releases/profiles.ts';
import { ACTIVITY_SOURCES, type ActivitySource } from './activity-table.ts';
import { parseMetrics } from './metrics.ts';
import { readCounters, type InstanceCounters, type Observation, type UnseenInstance } from './observation.ts';
import type { WorkObservation } from './work.ts';

/** Addresses by task group, as list-addresses gives them. */
export interface AddressedGroup {
  readonly group: string;
  readonly addresses: readonly string[];
}

export interface ObservePorts {
  readonly client: number;
  readonly management: number;
  readonly dataNode: number;
}

export interface ObserveOptions {
  readonly ports: ObservePorts;
  readonly timeoutMs: number;
}

export function addressesOf(groups: readonly AddressedGroup[], role: RoleName): string[] {
  return groups.flatMap(({ group, addresses }) => {
    const part = parseTaskGroup(group);
    return part?.kind === 'role' && part.role === role ? addresses : [];
  });
}

/** `sources` are those of activity-table.ts, or only some of them. */
export async function observeCounters(
  groups: readonly AddressedGroup[],
  options: ObserveOptions,
  sources: readonly ActivitySource[] = ACTIVITY_SOURCES,
): Promise<Observation> {
  const looks = sources.flatMap((source) => {
    const addresses = addressesOf(groups, source.role);
    return addresses.length === 0
      ? [Promise.resolve({ instance: source.role, problem: 'no task runs' })]
      : addresses.map((address) => lookAt(source, address, options));
  });
  const results = await Promise.all(looks);
  return {
    seen: results.filter((result) => 'counted' in result),
    unseen: results.filter((result) => 'problem' in result),
  };
}

async function lookAt(
  source: ActivitySource,
  address: string,
  { ports, timeoutMs }: ObserveOptions,
): Promise<InstanceCounters | UnseenInstance> {
  const instance = `${source.role}@${address}`;
  try {
    return readCounters(instance, source, await metricsPage(address, ports.management, timeoutMs));
  } catch (error) {
    return { instance, problem: reasonOf(error) };
  }
}

export async function observeWork(
  groups: readonly AddressedGroup[],
  { ports, timeoutMs }: ObserveOptions,
): Promise<WorkObservation[]> {
  const [proxy] = addressesOf(groups, 'proxy');
  const dataNodes = addressesOf(groups, 'datanode');
  const dataCoordinators = addressesOf(groups, 'datacoord');
  return Promise.all([
    // Any proxy knows all imports.
    ...(proxy === undefined
      ? []
      : [observed('import', () => callMilvus(`${proxy}:${ports.client}`, RUNNING_IMPORTS, timeoutMs))]),
    ...dataNodes.map((address) =>
      observed('compaction', () => callMilvus(`${address}:${ports.dataNode}`, RUNNING_COMPACTIONS, timeoutMs)),
    ),
    ...dataCoordinators.map((address) =>
      observed('index build', async () => readIndexBuilds(await metricsPage(address, ports.management, timeoutMs))),
    ),
  ]);
}

const INDEX_TASKS = 'milvus_datacoord_index_task_count';
const UNFINISHED: ReadonlySet<string> = new Set(['unissued', 'in-progress']);

/** Builds that run or wait for an index node. Milvus has no line of it before the first index. */
export function readIndexBuilds(page: string): number {
  return parseMetrics(page, new Set([INDEX_TASKS]))
    .filter(({ labels }) => UNFINISHED.has(labels['index_task_status'] ?? ''))
    .reduce((sum, { value }) => sum + value, 0);
}

async function observed(kind: WorkObservation['kind'], look: () => Promise<number>): Promise<WorkObservation> {
  try {
    return { kind, running: await look() };
  } catch (error) {
    return { kind, problem: reasonOf(error) };
  }
}

async function metricsPage(address: string, port: number, timeoutMs: number): Promise<string> {
  const response = await fetch(`http://${address}:${port}/metrics`, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`its metrics answer ${response.status}`);
  return response.text();
}

/** `fetch` says only that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return messageOf(cause ?? error);
}
