/** Every task killed in every state of a sleep and of a wake. Short forms are in tests/e2e/naps.test.ts. */
import { down } from '../../local/down.ts';
import { localSettings } from '../../local/settings.ts';
import { bringUp } from '../../local/up.ts';
import { KILL_POINTS } from './kill-points.ts';
import { killAt } from './kills.ts';
import { refuseShifted } from './clock.ts';
import { World } from './world.ts';

const settings = localSettings();
const FIRST_START_MS = 20 * 60_000;
const TEST_MS = 25 * 60_000;
let world: World;

beforeAll(async () => {
  refuseShifted(settings);
  world = await World.of((await bringUp(settings)).apiUrl);
}, FIRST_START_MS);

afterAll(async () => {
  await world.stop();
  if (process.env['REDKITE_KEEP'] === undefined) await down(settings);
});

test.each(KILL_POINTS)(
  'every task killed on the way to $action, in $state of $machine',
  async (point) => {
    await killAt(world, point);
  },
  TEST_MS,
);
