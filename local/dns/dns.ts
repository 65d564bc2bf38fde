/** Starts the local DNS as a part of local mode; the sockets are opened in its own process (main.ts). */
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import { awaitDaemon, startDaemon } from '../processes.ts';
import type { LocalSettings } from '../settings.ts';

const NAME = 'dns';
const READY_TIMEOUT_MS = 10_000;
const QUERY_TIMEOUT_MS = 500;
/** Does not exist by definition (RFC 6761): "no such name" is said only once the zones are known. */
const PROBE_NAME = 'ready.invalid';

/** Needs the emulator and the container network's bridge: DNS listens on its gateway address and nowhere else. */
export async function startDns(settings: LocalSettings): Promise<void> {
  startDaemon(settings, {
    name: NAME,
    command: process.execPath,
    args: [
      join(settings.root, 'local/dns/main.ts'),
      settings.network.gateway,
      `http://127.0.0.1:${settings.ports.emulator}`,
    ],
  });
  await awaitDaemon(settings, NAME, () => answers(settings.network.gateway), READY_TIMEOUT_MS);
}

/** True when the server at this address has read the zones and answers. */
export async function answers(address: string, port = 53): Promise<boolean> {
  const resolver = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: 1 });
  resolver.setServers([`${address}:${port}`]);
  try {
    await resolver.resolve4(PROBE_NAME);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTFOUND';
  }
}
