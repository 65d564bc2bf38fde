/** Sleep and wake as a user asks for them, and the way to a proxy before the load balancer lets anybody in. */
import { ECSClient } from '@aws-sdk/client-ecs';
import { observeGroups } from '../../functions/common/aws/tasks.ts';
import { serviceGroup } from '../../functions/common/cluster/names.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { callApi, showCluster } from '../../local/stack/api.ts';
import { awsClient } from '../../local/stack/aws.ts';
import { DEMO } from '../../local/stack/cluster.ts';
import { until } from '../chaos/stack.ts';

const PHASE_MS = 5 * 60_000;

/** Asks, and returns when the cluster is in this phase. */
export async function act(
  settings: LocalSettings,
  apiUrl: string,
  action: 'sleep' | 'wake',
  phase: 'asleep' | 'awake',
): Promise<void> {
  const path = `/clusters/${DEMO}/actions/${action}`;
  expect(await callApi(settings, apiUrl, { method: 'POST', path })).toMatchObject({ status: 202 });
  await until(`${DEMO} is ${phase}`, PHASE_MS, async () => {
    const view = await showCluster(settings, apiUrl, DEMO);
    if (view?.phase === 'failed') throw new Error(JSON.stringify(view.failure));
    return view?.phase === phase ? true : undefined;
  });
}

/** Where the first proxy listens, whatever the load balancer lets in: as soon as there is one. */
export async function proxyAddress(settings: LocalSettings, timeoutMs: number): Promise<string> {
  const source = { ecs: awsClient(settings, ECSClient), ecsCluster: `redkite-${settings.stage}` };
  return until('a proxy runs', timeoutMs, async () => {
    const tasks = await observeGroups(source, [serviceGroup(DEMO, 'proxy')]);
    return tasks.find(({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING')
      ?.address;
  });
}
