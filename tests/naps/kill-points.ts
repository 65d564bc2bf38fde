/**
 * What a sleep and a wake pass when nothing goes wrong, in its order: where every task is killed. Its unit test compares it with
 * the machines as they stand.
 */
export interface KillPoint {
  readonly action: 'sleep' | 'wake';
  /** Whose execution is looked at: the action's own machine, or one that it starts. */
  readonly machine: string;
  readonly state: string;
  /** Nothing of the cluster may run any more, or yet, when it gets there. */
  readonly empty: boolean;
}

type Way = Readonly<Record<string, readonly string[]>>;

export const WAYS: Readonly<Record<KillPoint['action'], Way>> = {
  sleep: {
    'sleep-cluster': [
      'BeginSleep',
      'LookAgain',
      'DivertRequests',
      'AwaitAnswers',
      'FlushCluster',
      'SaveMetadata',
      'StopCompute',
      'AwaitRolesStopped',
      'ArchiveMetadata',
      'StopMembers',
      'AwaitMembersStopped',
      'FinishSleep',
    ],
  },
  wake: {
    'wake-cluster': ['BeginWake', 'StartParts', 'RegisterEndpoints', 'FinishWake'],
    'bootstrap-quorum': ['LaunchMembers', 'AwaitMembers', 'ProbeQuorum', 'RestoreMetadata', 'OpenMetadata'],
    'start-compute': ['LaunchServices', 'AwaitRoles', 'ProbeCompute'],
    'register-endpoints': ['ProveCluster', 'OpenEntry'],
  },
};

/** Of those machines: only when something has gone wrong, or a request came. */
export const BESIDE: readonly string[] = [
  ...['TurnRound', 'FinishAwake', 'StartWake', 'GiveUp', 'PutBackToSleep'],
  ...['ListMembers', 'ReplaceMembers', 'ListRoles'],
];

const EMPTY: readonly string[] = [
  ...['StopMembers', 'AwaitMembersStopped', 'FinishSleep'],
  ...['BeginWake', 'StartParts', 'LaunchMembers', 'LaunchServices', 'AwaitMembers', 'AwaitRoles'],
];

export const KILL_POINTS: readonly KillPoint[] = (['sleep', 'wake'] as const).flatMap((action) =>
  Object.entries(WAYS[action]).flatMap(([machine, states]) =>
    states.map((state) => ({ action, machine, state, empty: EMPTY.includes(state) })),
  ),
);
