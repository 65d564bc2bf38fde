/** Brings a cluster (`demo`, where none is named) to awake through the API, as a user would, and says what it waits for meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterView } from '../../functions/common/http/cluster-view.ts';
import { logFile } from '../processes.ts';
import type { LocalSettings } from '../settings.ts';
import { callApi, showCluster } from './api.ts';

export const DEMO = 'demo';
/** Local clients come by address, so the load balancer has to know the cluster by it. */
const LOCAL_HOSTS = ['127.0.0.1', 'localhost'];
const POLL_MS = 200;
const TIMEOUT_MS = 10 * 60_000;

export async function ensureAwake(
  settings: LocalSettings,
  apiUrl: string,
  report: (line: string) => void,
  { name, hosts }: { readonly name: string; readonly hosts: readonly string[] } = { name: DEMO, hosts: LOCAL_HOSTS },
): Promise<{ readonly created: boolean; readonly generation: number }> {
  const existing = await showCluster(settings, apiUrl, name);
  const created = existing === undefined || existing.phase === 'failed';
  if (created) {
    const body = { name, hosts };
    const answer = await callApi(settings, apiUrl, { method: 'POST', path: '/clusters', body });
    if (answer.status !== 202)
      throw new Error(`POST /clusters answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  // Put to sleep by somebody, or by an earlier run.
  if (existing?.phase === 'asleep' || existing?.phase === 'falling-asleep') {
    const answer = await callApi(settings, apiUrl, { method: 'POST', path: `/clusters/${name}/actions/wake` });
    if (answer.status >= 300) throw new Error(`It could not be woken: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  const { generation } = await follow(settings, apiUrl, name, report);
  return { created, generation };
}

async function follow(
  settings: LocalSettings,
  apiUrl: string,
  name: string,
  report: (line: string) => void,
): Promise<ClusterView> {
  const started = Date.now();
  for (;;) {
    const view = await showCluster(settings, apiUrl, name);
    if (view?.phase === 'awake') return view;
    if (view?.phase === 'failed') throw new Error(failureText(settings, view));
    if (Date.now() - started > TIMEOUT_MS) {
      throw new Error(
        `The cluster is still ${view?.phase ?? 'missing'} after ${TIMEOUT_MS / 60_000} minutes. ${whereToLook(settings)}`,
      );
    }
    report(`${view?.phase ?? 'missing'} for ${Math.round((Date.now() - started) / 1_000)} s`);
    await sleep(POLL_MS);
  }
}

function failureText(settings: LocalSettings, { failure }: ClusterView): string {
  return (
    `The cluster could not be created: ${failure?.error ?? 'unknown error'}: ${failure?.message ?? ''}\n` +
    `${failure?.advice ?? ''}\n${whereToLook(settings)}`
  );
}

function whereToLook(settings: LocalSettings): string {
  return `Logs: ${logFile(settings, 'emulator')}, containers: npm run status.`;
}
