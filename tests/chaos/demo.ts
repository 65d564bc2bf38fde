/**
 * Whole clusters, with Milvus and real data, for what only they can show: `demo`, and another one beside it. One file of tests
 * harms a cluster at a time; the others wait for their turn.
 */
import { withLock } from '../../local/setup/lock.ts';
import { prove, type Entry } from '../../local/demo/prove.ts';
import { showCluster } from '../../local/stack/api.ts';
import { DEMO, ensureAwake } from '../../local/stack/cluster.ts';
import { describeStack } from '../../local/stack/deploy.ts';
import type { LocalSettings } from '../../local/settings.ts';
import { entryOf } from '../../local/up.ts';
import { join } from 'node:path';
import { Quorum } from './quorum.ts';
import { Stack } from './stack.ts';

/** The files before this one may take minutes each. */
const TURN_MS = 20 * 60_000;

export interface Demo {
  readonly settings: LocalSettings;
  readonly stack: Stack;
  readonly quorum: Quorum;
  readonly entry: () => Promise<Entry>;
  /** Base URL of the API, once it is up. */
  readonly apiUrl: () => string;
  readonly show: () => ReturnType<typeof showCluster>;
}

/** To be called once in a file, outside of any test. */
export function useDemo(name = DEMO): Demo {
  const stack = new Stack();
  const { settings } = stack;
  // Clients come by address, which is `demo`; every other cluster is told by its name.
  const named = name === DEMO ? {} : { host: `${name}.localhost` };
  const entry = async () => ({ ...(await entryOf(settings)), ...named });
  let apiUrl = '';
  let leave: () => void = () => undefined;
  let left: Promise<void> = Promise.resolve();
  beforeAll(async () => {
    await new Promise<void>((entered, failed) => {
      left = withLock(join(settings.stateDir, `chaos-${name}.lock`), async () => {
        entered();
        await new Promise<void>((resolve) => {
          leave = resolve;
        });
      });
      left.catch(failed);
    });
    ({ apiUrl } = await describeStack(settings));
    await ensureAwake(settings, apiUrl, () => undefined, name === DEMO ? undefined : { name, hosts: [] });
    await prove(await entry(), () => undefined);
  }, TURN_MS);
  afterAll(async () => {
    leave();
    await left;
  });
  return {
    ...{ settings, stack, quorum: new Quorum(stack, name), entry, apiUrl: () => apiUrl },
    show: () => showCluster(settings, apiUrl, name),
  };
}
