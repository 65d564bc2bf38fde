/** A cluster with data that is put to sleep and woken as its users do it: by the API, and by a search through the load balancer. */
import { setTimeout as pause } from 'node:timers/promises';
import { executionName } from '../../functions/common/cluster/names.ts';
import type { ClusterView } from '../../functions/common/http/cluster-view.ts';
import { startContainerService } from '../../local/runtime/podman.ts';
import { DEMO, ensureAwake } from '../../local/stack/cluster.ts';
import { callApi, showCluster } from '../../local/stack/api.ts';
import { executionsSince, type Interval, type RecordedExecution } from '../../local/stack/histories.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { bringUpStack, entryOf } from '../../local/up.ts';
import { runningContainers } from '../containers.ts';
import { fillCollection, findableRows, search } from './collection.ts';

const LOOK_MS = 50;
/** Its answer costs a tenth of a second of a core. */
const ENGINE_LOOK_MS = 200;
const TIMEOUT_MS = 5 * 60_000;
const ROWS_SEARCHED = 20;

export interface Operation {
  /** What was measured, milliseconds since the epoch. */
  readonly measured: Interval;
  /** Of every machine that worked for it. */
  readonly executions: readonly RecordedExecution[];
}

export interface Sleeper {
  readonly name: string;
  readonly apiUrl: string;
  /** From the request to sleep until the last container is gone. */
  readonly fallAsleep: () => Promise<Operation>;
  /** From a search that meets a sleeping cluster to its answer. */
  readonly wakeBySearch: () => Promise<Operation>;
  readonly view: () => Promise<ClusterView>;
  /** One after the other of those that the index finds. */
  readonly nextRow: () => number;
}

/** Brings up the local AWS with one cluster that holds the benchmark's data and never falls asleep by itself. */
export async function prepareSleeper(settings: LocalSettings, report: (line: string) => void): Promise<Sleeper> {
  const apiUrl = await bringUpStack(settings);
  report(`creating the cluster ${DEMO}`);
  const { created } = await ensureAwake(settings, apiUrl, () => undefined);
  const entry = await entryOf(settings);
  await callApi(settings, apiUrl, { method: 'PUT', path: `/clusters/${DEMO}/idle`, body: { never: true } });
  if (created) await fillCollection(entry, report);
  const view = async () => {
    const shown = await showCluster(settings, apiUrl, DEMO);
    if (shown === undefined) throw new Error(`The cluster ${DEMO} is gone.`);
    if (shown.phase === 'failed') throw new Error(`The cluster failed: ${shown.failure?.message ?? ''}`);
    return shown;
  };
  const rests = async (phase: ClusterView['phase']) => {
    const deadline = Date.now() + TIMEOUT_MS;
    for (;;) {
      const shown = await view();
      if (shown.phase === phase && shown.operation === undefined) return shown;
      if (Date.now() > deadline) throw new Error(`The cluster is ${shown.phase}, not ${phase}.`);
      await pause(LOOK_MS);
    }
  };
  const recorded = async (measured: Interval, verb: 'sleep' | 'wake', generation: number): Promise<Operation> => {
    const name = executionName(DEMO, verb, generation);
    const executions = await executionsSince(settings, measured[0]);
    const own = executions.find((execution) => execution.name === name && execution.machine.startsWith(verb));
    if (own === undefined) throw new Error(`There is no execution ${name}.`);
    return { measured, executions };
  };
  const dockerHost = await startContainerService(settings);
  const noContainers = async () => {
    while ((await runningContainers(dockerHost, `-${settings.stage}-${DEMO}-`)).length > 0) await pause(ENGINE_LOOK_MS);
  };
  const rows = await findableRows(entry, ROWS_SEARCHED);
  let searched = 0;
  const nextRow = () => rows[(searched += 1) % rows.length] ?? 0;
  return {
    nextRow,
    name: DEMO,
    apiUrl,
    view,
    fallAsleep: async () => {
      await rests('awake');
      const from = Date.now();
      const { status, body } = await callApi(settings, apiUrl, {
        method: 'POST',
        path: `/clusters/${DEMO}/actions/sleep`,
      });
      if (status !== 202) throw new Error(`The sleep was refused: ${status} ${JSON.stringify(body)}`);
      await noContainers();
      const to = Date.now();
      const { generation } = await rests('asleep');
      return recorded([from, to], 'sleep', generation);
    },
    wakeBySearch: async () => {
      await rests('asleep');
      const id = nextRow();
      const from = Date.now();
      await search(entry, id);
      const to = Date.now();
      const { generation } = await rests('awake');
      return recorded([from, to], 'wake', generation);
    },
  };
}
