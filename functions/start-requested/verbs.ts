/**
 * Which execution each request starts. A verb is added here and in REQUESTS (common/registry/requests.ts), and its machine in
 * serverless.yml and in the role. The name must be the same whenever the same request is seen: Step Functions starts it once.
 */
import { executionName, maintenanceName, replacementName } from '../common/cluster/names.ts';
import type { ClusterRequest, RequestVerb } from '../common/registry/requests.ts';

export interface RequestedExecution {
  /** The environment variable that holds the machine's ARN. */
  readonly machine: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

interface Verb<Name extends RequestVerb> {
  readonly machine: string;
  readonly execution: (request: ClusterRequest<Name>) => Omit<RequestedExecution, 'machine'>;
}

const minuteOf = (at: string) => Math.floor(Date.parse(at) / 60_000);

export const VERBS: { readonly [Name in RequestVerb]: Verb<Name> } = {
  'replace-member': {
    machine: 'REPLACE_MACHINE_ARN',
    execution: ({ cluster, reason, requestedAt, details }) => ({
      name: replacementName(cluster, `watch-${minuteOf(requestedAt)}`),
      input: { cluster, reason, ...details },
    }),
  },
  'maintain-quorum': {
    machine: 'MAINTAIN_MACHINE_ARN',
    execution: ({ cluster, reason, requestedAt }) => ({
      name: maintenanceName(cluster, `watch-${minuteOf(requestedAt)}`),
      input: { cluster, reason },
    }),
  },
  // However often it is asked for, in however many minutes: one execution a sleep.
  sleep: {
    machine: 'SLEEP_MACHINE_ARN',
    execution: ({ cluster, reason, details: { generation } }) => ({
      name: executionName(cluster, 'sleep', generation),
      // It was idle, so whatever was asked of it since is in the way (functions/observe-activity).
      input: { cluster, generation, reason, look: 'activity' },
    }),
  },
};

export function executionOf<Name extends RequestVerb>(request: ClusterRequest<Name>): RequestedExecution {
  const { machine, execution }: Verb<Name> = VERBS[request.verb];
  return { machine, ...execution(request) };
}
