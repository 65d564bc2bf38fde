/** `npm run stop` and `npm run clean`: end every part of this copy, and with `clean` remove what it wrote. */
import { rmSync } from 'node:fs';
import { stopEmulator } from './emulator/emulator.ts';
import { removeCredentialsRoute } from './emulator/task-credentials.ts';
import { CONTAINER_SERVICE, removeAllContainers, removeRuntime } from './runtime/podman.ts';
import { runningPid, startedDaemons, stopDaemon } from './processes.ts';
import { say } from './report.ts';
import { releaseSlot, type LocalSettings } from './settings.ts';

export async function down(settings: LocalSettings): Promise<boolean> {
  // The emulator first: it would start stopped tasks of its services again.
  await stopEmulator(settings);
  // The container service last: containers are removed through it.
  for (const name of startedDaemons(settings).filter((name) => name !== CONTAINER_SERVICE))
    await stopDaemon(settings, name);
  await removeCredentialsRoute(settings);
  await removeAllContainers(settings);
  await removeRuntime(settings);
  for (const name of startedDaemons(settings)) await stopDaemon(settings, name);
  say('Everything is stopped. `npm start` starts it again; `npm run clean` removes its data.');
  return true;
}

export async function clean(settings: LocalSettings): Promise<boolean> {
  await down(settings);
  rmSync(settings.stateDir, { recursive: true, force: true });
  releaseSlot(settings);
  say(
    `The data is removed. Images and downloads stay in ${settings.cacheDir} for the next start; remove that folder to start from nothing.`,
  );
  return true;
}

export function status(settings: LocalSettings): boolean {
  const daemons = startedDaemons(settings);
  if (daemons.length === 0) say('Nothing runs. `npm start` starts it.');
  for (const name of daemons) {
    const pid = runningPid(settings, name);
    say(`${pid === undefined ? 'ended  ' : 'running'}  ${name.padEnd(16)} log: ${settings.logDir}/${name}.log`);
  }
  return true;
}
