/**
 * Every task killed in every state of a sleep and of a wake. The states are those of the machines as they stand, so that a state
 * that is added is tried as well.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { down } from '../../local/down.ts';
import { localSettings } from '../../local/settings.ts';
import { bringUp } from '../../local/up.ts';
import { killAt, type KillPoint } from './kills.ts';
import { World } from './world.ts';

const settings = localSettings();
const FIRST_START_MS = 20 * 60_000;
const TEST_MS = 25 * 60_000;
let world: World;

/** What a sleep or a wake passes when nothing goes wrong, in its order, without what takes no time. */
const WAYS: Readonly<Record<KillPoint['action'], Readonly<Record<string, readonly string[]>>>> = {
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
/** Of those machines: only when something has gone wrong, or a request came; and what works beside the cluster's own tasks. */
const BESIDE = [
  'TurnRound',
  'FinishAwake',
  'StartWake',
  'PutBackToSleep',
  'WarmFunctions',
  'BootstrapQuorum',
  'StartCompute',
  'ListMembers',
  'ReplaceMembers',
  'ListRoles',
];
const points = Object.entries(WAYS).flatMap(([action, machines]) =>
  Object.entries(machines).flatMap(([machine, states]) =>
    states.map((state) => ({ action: action as KillPoint['action'], machine, state })),
  ),
);

const taskStates = (machine: string): string[] => {
  const text = readFileSync(join(import.meta.dirname, `../../statemachines/${machine}.asl.json`), 'utf8');
  const { States } = JSON.parse(text) as { States: Record<string, { Type: string }> };
  return Object.entries(States).flatMap(([name, { Type }]) => (['Task', 'Parallel'].includes(Type) ? [name] : []));
};

beforeAll(async () => {
  world = await World.of((await bringUp(settings)).apiUrl);
}, FIRST_START_MS);

afterAll(async () => {
  await world.stop();
  if (process.env['REDKITE_KEEP'] === undefined) await down(settings);
});

test('every state in which something is done is among them', () => {
  const ways = [WAYS.sleep, WAYS.wake].flatMap((machines) => Object.entries(machines));
  const missed = ways.flatMap(([machine, states]) =>
    taskStates(machine).filter((state) => !states.includes(state) && !BESIDE.includes(state)),
  );
  expect(missed).toEqual([]);
});

test.each(points)(
  'every task killed on the way to $action, in $state of $machine',
  async (point) => {
    await killAt(world, point);
  },
  TEST_MS,
);
