/** Starts the local load balancer as a part of local mode; it serves in its own process (main.ts). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { awaitDaemon, runningPid, startDaemon } from '../processes.ts';
import { awsEnvironment, type LocalSettings } from '../settings.ts';

const NAME = 'load-balancer';
const READY_TIMEOUT_MS = 15_000;

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Needs the emulator. Listeners come and go with what is deployed; without any it is ready and serves none. */
export async function startLoadBalancer(settings: LocalSettings, { certFile, keyFile }: Certificate): Promise<void> {
  const readyFile = join(settings.stateDir, 'load-balancer.ready');
  startDaemon(settings, {
    name: NAME,
    command: process.execPath,
    args: [join(settings.root, 'local/load-balancer/main.ts')],
    env: {
      ...awsEnvironment(settings),
      REDKITE_ENTRY_HTTP: String(settings.ports.entryHttp),
      REDKITE_ENTRY_HTTPS: String(settings.ports.entryHttps),
      REDKITE_CERTIFICATE_FILE: certFile,
      REDKITE_KEY_FILE: keyFile,
      REDKITE_READY_FILE: readyFile,
    },
  });
  const ready = () => readFileSync(readyFile, 'utf8') === String(runningPid(settings, NAME));
  // A missing file is "not yet"; one of an earlier process has another id in it.
  await awaitDaemon(settings, NAME, async () => Promise.resolve(ready()), READY_TIMEOUT_MS);
}
