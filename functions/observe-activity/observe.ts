/** Runs inside the VPC: looks once more before a cluster falls asleep, and waits until it has answered what it was asked. */
import { ACTIVITY_SOURCES } from '../common/idle/activity-table.ts';
import { observeCounters, observeWork, type AddressedGroup, type ObserveOptions } from '../common/idle/observe.ts';
import type { Observation } from '../common/idle/observation.ts';
import { idlePolicyOf } from '../common/idle/policy.ts';
import { judgeWork } from '../common/idle/work.ts';
import { RedkiteError } from '../common/lambda/errors.ts';
import { pollUntil, type Clock } from '../common/lambda/polling.ts';
import { getActivityState } from '../common/registry/activity-state.ts';
import { getCluster, type RegistryTable } from '../common/registry/registry.ts';
import { decideActivity, decideInFlight, decideWork, type LastLook, type Look } from './decide.ts';

export interface ObserveDeps {
  readonly registry: RegistryTable;
  readonly options: ObserveOptions;
  readonly clock: Clock;
  /** How long one call waits for requests that are being answered, and between two looks. */
  readonly budgetMs: number;
  readonly intervalMs: number;
}

export interface ObserveInput {
  readonly cluster: string;
  readonly groups: readonly AddressedGroup[];
  readonly look: Look;
}

const PROXIES = ACTIVITY_SOURCES.filter(({ role }) => role === 'proxy');

export async function observeActivity(deps: ObserveDeps, { cluster, groups, look }: ObserveInput): Promise<LastLook> {
  const { registry, options } = deps;
  switch (look) {
    case 'activity': {
      const [state, record, work] = await Promise.all([
        getActivityState(registry, cluster),
        getCluster(registry, cluster),
        observeWork(groups, options),
      ]);
      if (record === undefined) throw new RedkiteError('InvalidInput', `There is no cluster ${cluster}.`);
      // Last, so that whatever came while the rest was looked at is seen.
      const counters = await observeCounters(groups, options);
      return decideActivity(state, counters, judgeWork(work), idlePolicyOf(record.spec), new Date(deps.clock.now()));
    }
    case 'work':
      return decideWork(judgeWork(await observeWork(groups, options)));
    case 'in-flight': {
      const answers = await awaitAnswers(deps, groups);
      // An import that was asked for between the look before and the closing of the rules runs on after its answer.
      return answers.idle ? decideWork(judgeWork(await observeWork(groups, options))) : answers;
    }
  }
}

async function awaitAnswers(
  { options, clock, budgetMs, intervalMs }: ObserveDeps,
  groups: readonly AddressedGroup[],
): Promise<LastLook> {
  let before: Observation | undefined;
  const { idle, reason } = await pollUntil(
    async () => {
      const observation = await observeCounters(groups, options, PROXIES);
      const decision = decideInFlight(before, observation);
      before = observation;
      return { ...decision, ready: decision.idle };
    },
    { intervalMs, budgetMs, clock },
  );
  return { idle, reason };
}
