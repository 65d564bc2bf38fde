/** The cluster that the chaos tests harm: brought up before them, taken down after them unless REDKITE_KEEP is set. */
import { down } from '../../local/down.ts';
import { localSettings, type LocalSettings } from '../../local/settings.ts';
import { showCluster } from '../../local/stack/api.ts';
import { bringUp } from '../../local/up.ts';
import { Quorum } from './quorum.ts';

/** A machine with nothing on it: packages, images and the first start. */
const FIRST_START_MS = 20 * 60_000;
const NAME = 'demo';

export interface Demo {
  readonly settings: LocalSettings;
  readonly quorum: Quorum;
  readonly show: () => ReturnType<typeof showCluster>;
}

/** To be called once, outside of any test. */
export function useDemo(): Demo {
  const settings = localSettings();
  let apiUrl = '';
  beforeAll(async () => {
    ({ apiUrl } = await bringUp(settings));
  }, FIRST_START_MS);
  afterAll(async () => {
    // For taking a closer look afterwards.
    if (process.env['REDKITE_KEEP'] === undefined) await down(settings);
  });
  return { settings, quorum: new Quorum(settings, NAME), show: () => showCluster(settings, apiUrl, NAME) };
}
