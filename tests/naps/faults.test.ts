/**
 * Every call of every function harmed in a sleep and in a wake: hundreds of cases of half a minute, so `--share i/n` runs the i-th of
 * n parts. Without containers tests/statemachines/faults.test.ts.
 */
import { down } from '../../local/down.ts';
import { localSettings } from '../../local/settings.ts';
import { bringUp } from '../../local/up.ts';
import { parseShare } from '../faults/calls.ts';
import { refuseShifted } from './clock.ts';
import { harmSome } from './faults.ts';
import { World } from './world.ts';

const settings = localSettings();
const FIRST_START_MS = 20 * 60_000;
const ALL_MS = 48 * 60 * 60_000;
const [part, parts] = parseShare(process.env['REDKITE_FAULTS']);
let world: World;
let apiUrl: string;

beforeAll(async () => {
  refuseShifted(settings);
  ({ apiUrl } = await bringUp(settings));
  world = await World.of(apiUrl);
}, FIRST_START_MS);

afterAll(async () => {
  await world.stop();
  if (process.env['REDKITE_KEEP'] === undefined) await down(settings);
});

test.each(['sleep', 'wake'] as const)(
  'whatever call fails on the way to %s, it comes to rest and nothing is lost',
  async (action) => {
    await harmSome(world, apiUrl, action, { part, parts });
  },
  ALL_MS,
);
