/**
 * Conditions tell people *why* a cluster is in its phase. They follow the Kubernetes convention (type, status, reason,
 * message), because operators read that without learning it. `Unknown` is the honest status where evidence is missing.
 */
export const CONDITION_TYPES = [
  'MetadataReady',
  'MessagingReady',
  'StorageReady',
  'ComputeReady',
  'EndpointsReady',
] as const;

export type ConditionType = (typeof CONDITION_TYPES)[number];
export type ConditionStatus = 'True' | 'False' | 'Unknown';

export interface Condition {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  /** CamelCase, stable: for programs. */
  readonly reason: string;
  /** A sentence: for people. */
  readonly message: string;
  /** ISO 8601, when the status last changed or was confirmed. */
  readonly observedAt: string;
}

export type Conditions = Readonly<Record<ConditionType, Condition>>;

export function unknownConditions(observedAt: string): Conditions {
  return conditionsFrom((type) => ({
    type,
    status: 'Unknown',
    reason: 'NotObserved',
    message: 'Nothing has been observed yet.',
    observedAt,
  }));
}

/** Every part confirmed: the state an operation leaves behind when it ends with the cluster awake. */
export function readyConditions(observedAt: string): Conditions {
  const evidence: Record<ConditionType, readonly [reason: string, message: string]> = {
    MetadataReady: ['QuorumHealthy', 'All etcd members are healthy and agree on a leader.'],
    MessagingReady: ['TopicsWritable', 'Milvus wrote to its topics.'],
    StorageReady: ['BucketReachable', 'The bucket answers.'],
    ComputeReady: ['RolesHealthy', 'Every Milvus role is healthy.'],
    EndpointsReady: ['TargetsHealthy', 'The load balancer forwards requests to healthy proxies.'],
  };
  return conditionsFrom((type) => {
    const [reason, message] = evidence[type];
    return { type, status: 'True', reason, message, observedAt };
  });
}

/** `unloaded`: collections that did not load while clients were let in, as a sentence names them. */
export function awakeConditions(unloaded: string | undefined, observedAt: string): Conditions {
  const ready = readyConditions(observedAt);
  if (unloaded === undefined) return ready;
  return withCondition(ready, {
    ...{ type: 'ComputeReady', status: 'False', reason: 'CollectionsNotLoaded', observedAt },
    message: `Every Milvus role is healthy, but these collections were loaded before and did not load again: ${unloaded}. Load them again, give the query nodes more memory, or drop them.`,
  });
}

/** Nothing runs; what the parts that do not sleep were last seen as stays. */
export function asleepConditions(before: Conditions, observedAt: string): Conditions {
  const messages: Partial<Record<ConditionType, string>> = {
    MetadataReady: 'The metadata is in its archive; no etcd member runs.',
    ComputeReady: 'No Milvus role runs.',
    EndpointsReady: 'Requests go to the wake function.',
  };
  return conditionsFrom((type) => {
    const message = messages[type];
    return message === undefined ? before[type] : { type, status: 'False', reason: 'Asleep', message, observedAt };
  });
}

export function withCondition(conditions: Conditions, condition: Condition): Conditions {
  return { ...conditions, [condition.type]: condition };
}

function conditionsFrom(build: (type: ConditionType) => Condition): Conditions {
  return {
    MetadataReady: build('MetadataReady'),
    MessagingReady: build('MessagingReady'),
    StorageReady: build('StorageReady'),
    ComputeReady: build('ComputeReady'),
    EndpointsReady: build('EndpointsReady'),
  };
}
